using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>Another worker answers where one was: it was restarted under its address, or the address was given to another one. What it had is lost.</summary>
/// <param name="worker">Who was asked for.</param>
/// <param name="endpoint">Where.</param>
/// <param name="text">What the one that answers says.</param>
public sealed class OtherWorkerException(WorkerId worker, string endpoint, string text) : IOException(
    $"Worker {worker} does not serve {endpoint} any more, so what it kept is lost. {text}")
{
    /// <summary>Who was asked for.</summary>
    public WorkerId Worker { get; } = worker;
}
