namespace Dpark.Rdds;

/// <summary>Walks from an RDD to what it is computed from, without recursion: a lineage may be many thousands deep.</summary>
internal static class Lineage
{
    /// <summary>Lists an RDD and all that it is computed from, each once, parents first.</summary>
    /// <param name="include">RDDs for which it is <see langword="false"/> are left out, with what only they are computed from.</param>
    public static List<Rdd> ParentsFirst(Rdd rdd, Func<Rdd, bool> include)
    {
        var ordered = new List<Rdd>();
        if (!include(rdd))
        {
            return ordered;
        }

        var seen = new HashSet<Rdd>(ReferenceEqualityComparer.Instance) { rdd };
        var path = new Stack<(Rdd Rdd, int NextDependency)>();
        path.Push((rdd, 0));
        while (path.TryPop(out var step))
        {
            var dependencies = step.Rdd.Dependencies;
            if (step.NextDependency == dependencies.Count)
            {
                ordered.Add(step.Rdd);
                continue;
            }

            path.Push((step.Rdd, step.NextDependency + 1));
            var parent = dependencies[step.NextDependency].Parent;
            if (include(parent) && seen.Add(parent))
            {
                path.Push((parent, 0));
            }
        }

        return ordered;
    }

    /// <summary>Runs the jobs that must be done before a job on <paramref name="rdd"/> can be planned. Does nothing the second time.</summary>
    /// <param name="action">The action that the jobs are run for.</param>
    public static async Task PrepareAsync(Rdd rdd, CallSite action, CancellationToken cancellationToken)
    {
        if (rdd.IsLineagePrepared)
        {
            return;
        }

        foreach (var next in ParentsFirst(rdd, candidate => !candidate.IsLineagePrepared))
        {
            if (!next.IsPrepared)
            {
                await next.PrepareAsync(action, cancellationToken).ConfigureAwait(false);
            }

            next.IsLineagePrepared = true;
        }
    }
}
