using Dpark.Rdds;

namespace Dpark.Partitioning;

/// <summary>Which partitioner an operator by key uses when the caller names none.</summary>
internal static class PartitionerChoice
{
    // With far fewer partitions than the context runs at once, saving a shuffle would cost more than it brings.
    private const int SmallestShareOfParallelism = 10;

    /// <summary>
    /// A hash partitioner if a number is given. Else the partitioner of the input that has one with the most partitions, which spares that input a shuffle;
    /// else a hash partitioner with <see cref="IRddContext.DefaultParallelism"/> partitions.
    /// </summary>
    /// <param name="partitionCount">What the caller said.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="partitionCount"/> is less than 1.</exception>
    public static Partitioner For<TKey>(int? partitionCount, params ReadOnlySpan<Rdd> inputs)
    {
        if (partitionCount is { } count)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(partitionCount));
            StableHash.EnsureSupported<TKey>();
            return new HashPartitioner(count);
        }

        var parallelism = inputs[0].Context.DefaultParallelism;
        Partitioner? best = null;
        foreach (var input in inputs)
        {
            if (input.Partitioner is { } candidate && candidate.PartitionCount > (best?.PartitionCount ?? 0) &&
                (inputs.Length == 1 || candidate.PartitionCount * SmallestShareOfParallelism >= parallelism))
            {
                best = candidate;
            }
        }

        if (best is null)
        {
            StableHash.EnsureSupported<TKey>();
        }

        return best ?? new HashPartitioner(parallelism);
    }
}
