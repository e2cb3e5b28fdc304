using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>A shuffle of pairs. The aggregator, if there is one, combines the values of a key on the map side.</summary>
internal sealed class ShuffleDependency<TKey, TValue, TCombined>(
    Rdd<(TKey Key, TValue Value)> parent, Partitioner partitioner, Aggregator<TValue, TCombined>? aggregator, CallSite callSite)
    : ShuffleDependency(parent.Context.NewShuffleId(), partitioner, callSite)
    where TKey : notnull
{
    public override Rdd Parent => parent;

    public override StageProgram CreateMapProgram() =>
        new ShuffleMapProgram<TKey, TValue, TCombined>(parent, Shuffle, Partitioner.Buckets, aggregator, CallSite);
}
