namespace Dpark.Rdds;

/// <summary>What an RDD is computed from in the end, as far as that has a size. Driver only. Immutable.</summary>
/// <param name="sized">Sources that know how many bytes they read, each once.</param>
/// <param name="isComplete">There are no others, such as collections and ranges: how much work their elements are does not show in bytes.</param>
internal sealed class SizedSources(IReadOnlyList<Rdd> sized, bool isComplete)
{
    private static readonly SizedSources Unknown = new([], isComplete: false);

    /// <summary>Sources with a size.</summary>
    public IReadOnlyList<Rdd> Sized { get; } = sized;

    /// <summary>Whether all sources have a size.</summary>
    public bool IsComplete { get; } = isComplete;

    /// <summary>Of several RDDs together. Each RDD remembers its own, so that asking along a lineage costs no more than its length.</summary>
    public static SizedSources Of(ReadOnlySpan<Rdd> rdds)
    {
        SizedSources? all = null;
        foreach (var rdd in rdds)
        {
            all = Union(all, Of(rdd));
        }

        return all ?? Unknown;
    }

    /// <summary>Both, each source once: what is read twice does not become more.</summary>
    public static SizedSources Union(SizedSources? one, SizedSources other)
    {
        if (one is null || ReferenceEquals(one, other))
        {
            return other;
        }

        var isComplete = one.IsComplete && other.IsComplete;
        Rdd[] sized = [.. one.Sized.Union(other.Sized)];
        return sized.Length == one.Sized.Count && isComplete == one.IsComplete ? one : new(sized, isComplete);
    }

    /// <summary>The bytes of all sources that have a size.</summary>
    /// <param name="isForJob">A job is about to read them: what is missing is an error, and what is found is what the job reads. If not, a source that is not there counts as one without a size.</param>
    /// <returns>The bytes, and whether they are all.</returns>
    public (long Bytes, bool IsKnown) CountBytes(bool isForJob)
    {
        var (sum, isKnown) = (0L, IsComplete);
        foreach (var source in Sized)
        {
            if (isForJob)
            {
                _ = source.Partitions;
            }

            if (source.FindInputBytes() is { } bytes)
            {
                sum = bytes > long.MaxValue - sum ? long.MaxValue : sum + bytes;
            }
            else
            {
                isKnown = false;
            }
        }

        return (sum, isKnown);
    }

    private static SizedSources Of(Rdd rdd)
    {
        foreach (var next in Lineage.ParentsFirst(rdd, static candidate => candidate.SizedSources is null))
        {
            next.SizedSources = OfParents(next);
        }

        return rdd.SizedSources!;
    }

    private static SizedSources OfParents(Rdd rdd)
    {
        if (rdd.Dependencies.Count == 0)
        {
            return rdd.HasInputBytes ? new SizedSources([rdd], isComplete: true) : Unknown;
        }

        SizedSources? all = null;
        foreach (var dependency in rdd.Dependencies)
        {
            all = Union(all, dependency.Parent.SizedSources!);
        }

        return all!;
    }
}
