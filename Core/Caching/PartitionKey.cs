using Dpark.Applications;
using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>Names a partition of an RDD of an application.</summary>
/// <param name="PartitionIndex">From 0.</param>
[GenerateSerializer, Immutable, Alias("dpark.PartitionKey")]
public readonly record struct PartitionKey([property: Id(0)] AppId Application, [property: Id(1)] RddId Rdd, [property: Id(2)] int PartitionIndex)
{
    /// <summary>The form used in messages, such as <c>partition 17 of rdd-3 of app-1</c>.</summary>
    public override string ToString() => $"partition {PartitionIndex} of {Rdd} of {Application}";
}
