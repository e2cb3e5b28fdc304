using Dpark.Rdds.Actions;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Some keys of each partition, with the number of elements that each stands for. Narrow.</summary>
/// <param name="sampleCount">Keys of a partition at most.</param>
/// <param name="sample">What is read, from <see cref="Rdd.FindSample"/>; <see langword="null"/>: everything.</param>
internal sealed class KeySampleRdd<T, TKey>(Rdd<T> parent, Func<T, TKey> keySelector, int sampleCount, Partition[]? sample, CallSite callSite)
    : NarrowRdd<T, (TKey Key, double Weight)>(parent, callSite)
{
    [NonSerialized]
    private readonly Partition[]? _sample = sample;

    public override IReadOnlyList<Partition> Partitions => _sample ?? base.Partitions;

    protected override BatchReader<(TKey Key, double Weight)> Compute(Partition partition, TaskContext context) => SummarizedRdd<T, (TKey Key, double Weight)>.Open(
        Parent.Read(partition, context), partition.Index, new SampleSummary<T, TKey>(keySelector, sampleCount, partition.ElementWeight), CallSite, context);
}
