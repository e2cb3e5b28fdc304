namespace Dpark.Rdds;

/// <summary>Names one RDD of one application, counted from 0.</summary>
[GenerateSerializer, Immutable, Alias("dpark.RddId")]
public readonly record struct RddId([property: Id(0)] int Value)
{
    /// <summary>The form used in logs and block names, such as <c>rdd-3</c>.</summary>
    public override string ToString() => $"rdd-{Value}";
}
