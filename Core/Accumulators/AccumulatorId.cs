namespace Dpark.Accumulators;

/// <summary>Names one accumulator of one application, counted from 0.</summary>
[GenerateSerializer, Immutable, Alias("dpark.AccumulatorId")]
public readonly record struct AccumulatorId([property: Id(0)] int Value)
{
    /// <summary>The form used in logs, such as <c>accumulator-2</c>.</summary>
    public override string ToString() => $"accumulator-{Value}";
}
