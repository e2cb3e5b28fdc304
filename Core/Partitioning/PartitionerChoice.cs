using Dpark.Rdds;

namespace Dpark.Partitioning;

/// <summary>Which partitioner an operator uses when the caller names none.</summary>
internal static class PartitionerChoice
{
    // With far fewer partitions than the context runs at once, saving a shuffle would cost more than it brings.
    private const int SmallestShareOfParallelism = 10;

    /// <summary>
    /// A hash partitioner if a number is given. Else the partitioner of the input that has one with the most partitions, which spares that input a shuffle;
    /// else a hash partitioner whose number of partitions follows from the size of the data, or is <see cref="IRddContext.DefaultParallelism"/> if that has none.
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

        if (OfInputs(inputs) is { } known)
        {
            return known;
        }

        StableHash.EnsureSupported<TKey>();
        return New(inputs, static count => new HashPartitioner(count), canJoin: true);
    }

    /// <summary>A new partitioner for what is computed from some RDDs.</summary>
    /// <param name="create">Makes one for a number of partitions.</param>
    /// <param name="canJoin">Whether two that it makes for the same number are equal.</param>
    public static Partitioner New(ReadOnlySpan<Rdd> inputs, Func<int, Partitioner> create, bool canJoin)
    {
        var context = inputs[0].Context;
        if (context.Partitioning.BySize && SizedSources.Of(inputs) is { Sized.Count: > 0 } sources)
        {
            return new SizedPartitioner(new PartitionDecision(context, sources, create, canJoin));
        }

        return create(context.DefaultParallelism);
    }

    private static Partitioner? OfInputs(ReadOnlySpan<Rdd> inputs)
    {
        var parallelism = inputs[0].Context.DefaultParallelism;
        Partitioner? best = null;
        SizedPartitioner? undecided = null;
        foreach (var input in inputs)
        {
            if (input.PossiblePartitioner is SizedPartitioner { Decision.IsDecided: false } sized)
            {
                // To ask for its number now would decide it, before the data is there. Those of all inputs decide together instead.
                undecided?.Decision.TryJoin(sized.Decision);
                undecided ??= sized;
            }
            else if (input.PossiblePartitioner is { } candidate && candidate.PartitionCount > (best?.PartitionCount ?? 0) &&
                (inputs.Length == 1 || candidate.PartitionCount * SmallestShareOfParallelism >= parallelism))
            {
                best = candidate;
            }
        }

        if (best is SizedPartitioner decided && undecided is not null)
        {
            decided.Decision.TryJoin(undecided.Decision);
        }

        return best ?? undecided;
    }
}
