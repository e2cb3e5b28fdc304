using Dpark.Codecs;
using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>A collection of the driver, cut into slices. The elements are encoded when it is made, so later changes to them are not seen.</summary>
internal sealed class ParallelCollectionRdd<T> : Rdd<T>
{
    [NonSerialized]
    private readonly SlicePartition[] _partitions;

    /// <param name="sliceCount">At least 1. With fewer elements there are fewer slices, but always one.</param>
    public ParallelCollectionRdd(IRddContext context, ReadOnlySpan<T> elements, int sliceCount, CallSite callSite)
        : base(context, callSite)
    {
        var count = Math.Max(1, Math.Min(elements.Length, sliceCount));
        var length = (elements.Length + count - 1) / count;
        _partitions = new SlicePartition[count];
        for (var index = 0; index < count; index++)
        {
            // All slices but the last ones have the same length, so the last ones may be empty: 2, 2, 1, 0 for five elements in four slices.
            var begin = Math.Min((long)index * length, elements.Length);
            var end = Math.Min(begin + length, elements.Length);
            _partitions[index] = new SlicePartition(index, RecordBlock.Encode(elements[(int)begin..(int)end]));
        }
    }

    public override IReadOnlyList<Partition> Partitions => _partitions;

    public override IReadOnlyList<Dependency> Dependencies => [];

    protected override BatchReader<T> Compute(Partition partition, TaskContext context) =>
        new BlamedReader<T>(RecordBlock.Open<T>(((SlicePartition)partition).Elements), CallSite, context);
}

/// <summary>One slice, as a record block.</summary>
internal sealed class SlicePartition(int index, byte[] elements) : Partition(index)
{
    public byte[] Elements { get; } = elements;
}
