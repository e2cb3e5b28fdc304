using System.Collections.Immutable;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>Where one map task left its output, and how large each bucket is.</summary>
/// <param name="MapIndex">Which map partition of the shuffle, from 0.</param>
/// <param name="Worker">Serves the file; the file is lost with it.</param>
/// <param name="Attempt">Which attempt wrote it: part of the file's name, so that a retry never overwrites a file that is being read.</param>
/// <param name="BucketBytes">Stored bytes per reduce partition, in order. A reader skips buckets of 0 bytes.</param>
/// <param name="RecordCount">Records in all buckets together.</param>
[GenerateSerializer, Immutable, Alias("dpark.MapOutput")]
public sealed record MapOutput(
    [property: Id(0)] int MapIndex,
    [property: Id(1)] WorkerId Worker,
    [property: Id(2)] int Attempt,
    [property: Id(3)] ImmutableArray<long> BucketBytes,
    [property: Id(4)] long RecordCount)
{
    /// <summary>The stored bytes of some buckets.</summary>
    internal long BytesOf(BucketRange buckets)
    {
        var bytes = 0L;
        foreach (var bucket in BucketBytes.AsSpan().Slice(buckets.First, buckets.Count))
        {
            bytes += bucket;
        }

        return bytes;
    }
}
