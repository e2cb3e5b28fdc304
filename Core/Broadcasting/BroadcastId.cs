namespace Dpark.Broadcasting;

/// <summary>Names one broadcast value of one application, counted from 0.</summary>
[GenerateSerializer, Immutable, Alias("dpark.BroadcastId")]
public readonly record struct BroadcastId([property: Id(0)] int Value)
{
    /// <summary>The form used in logs and block names, such as <c>broadcast-2</c>.</summary>
    public override string ToString() => $"broadcast-{Value}";
}
