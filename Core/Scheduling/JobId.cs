namespace Dpark.Scheduling;

/// <summary>Names one job of one application, counted from 0.</summary>
[GenerateSerializer, Immutable, Alias("dpark.JobId")]
public readonly record struct JobId([property: Id(0)] int Value)
{
    /// <summary>The form used in logs, such as <c>job-4</c>.</summary>
    public override string ToString() => $"job-{Value}";
}
