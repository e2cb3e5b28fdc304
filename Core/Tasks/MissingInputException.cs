namespace Dpark.Tasks;

/// <summary>A worker could not get something that the driver should have stored. The driver stores it again and the task runs again.</summary>
/// <param name="input">What is missing, such as <c>program 1f3a9c00d1e2</c>.</param>
/// <param name="reason">Why; ends with a full stop.</param>
[GenerateSerializer, Alias("dpark.MissingInputException")]
public sealed class MissingInputException(string input, string reason) : Exception(
    $"The worker could not get {input}: {reason} The driver stores it again; " +
    "if this repeats, look for a full disk or a blocked port between driver and workers.")
{
    /// <summary>What is missing.</summary>
    [Id(0)] public string Input { get; } = input;
}
