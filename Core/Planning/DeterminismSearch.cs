using Dpark.Rdds;

namespace Dpark.Planning;

/// <summary>Finds out what computing an RDD again may give, from what it is made of. Remembers what it has found; one per plan. Not thread-safe.</summary>
internal sealed class DeterminismSearch
{
    private readonly Dictionary<Rdd, Determinism> _known = new(ReferenceEqualityComparer.Instance);

    /// <summary>Walks up the lineage without recursion, as far as it is not known yet.</summary>
    public Determinism Of(Rdd rdd)
    {
        var path = new Stack<Rdd>();
        path.Push(rdd);
        while (path.TryPeek(out var current))
        {
            if (_known.ContainsKey(current))
            {
                path.Pop();
                continue;
            }

            var isReady = true;
            foreach (var dependency in current.Dependencies)
            {
                if (!_known.ContainsKey(dependency.Parent))
                {
                    path.Push(dependency.Parent);
                    isReady = false;
                }
            }

            if (isReady)
            {
                _known[current] = Combine(current);
                path.Pop();
            }
        }

        return _known[rdd];
    }

    private Determinism Combine(Rdd rdd)
    {
        var most = Determinism.Same;
        foreach (var dependency in rdd.Dependencies)
        {
            var of = _known[dependency.Parent];
            of = dependency is ShuffleDependency && of == Determinism.Same ? Determinism.AnyOrder : of;
            most = of > most ? of : most;
        }

        return rdd.IsMarkedNonDeterministic || (rdd.IsOrderSensitive && most == Determinism.AnyOrder) ? Determinism.Different : most;
    }
}
