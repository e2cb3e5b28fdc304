using Dpark.Codecs;
using Dpark.Partitioning;
using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>Puts <c>Distinct</c> together: elements become keys, which are combined.</summary>
internal static class DistinctOperator
{
    // CS8714: shuffle keys are declared notnull because operators by key promise it to users; the engine itself takes null as a key, and here elements may be null.
#pragma warning disable CS8714
    public static Rdd<T> Create<T>(Rdd<T> parent, int? partitionCount, CallSite callSite)
    {
        RecordCodec.EnsureSupported<T>();
        var partitioner = PartitionerChoice.For<T>(partitionCount, [parent]);
        var keyed = new MappedRdd<T, (T Key, byte Value)>(parent, static element => (element, 0), callSite);
        var aggregator = new Aggregator<byte, byte>(static value => value, static (first, _) => first, static (first, _) => first);
        var dependency = new ShuffleDependency<T, byte, byte>(keyed, partitioner, aggregator, callSite);
        var combined = new CombinedRdd<T, byte, byte>(dependency, aggregator.MergeCombined, callSite);
        return new MappedRdd<(T Key, byte Value), T>(combined, static pair => pair.Key, callSite);
    }
#pragma warning restore CS8714
}
