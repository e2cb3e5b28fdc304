namespace Orleans.Runtime.GrainDirectory;

/// <summary>Who holds the directory entry of which grain, at one version of the membership. Immutable.</summary>
/// <remarks>
/// A ring of hashes: each active silo has some points on it, and owns what lies before each of them up to the point before. When a silo joins or
/// leaves,
/// only the ranges beside its points change hands.
/// </remarks>
internal sealed class DirectoryView
{
    private const int PointsPerSilo = 32;

    private readonly uint[] _points;
    private readonly SiloAddress[] _owners;

    private DirectoryView(ClusterMembershipSnapshot snapshot, uint[] points, SiloAddress[] owners)
    {
        Snapshot = snapshot;
        _points = points;
        _owners = owners;
    }

    public static DirectoryView Empty { get; } = new(ClusterMembershipSnapshot.Initial, [], []);

    public ClusterMembershipSnapshot Snapshot { get; }

    public MembershipVersion Version => Snapshot.Version;

    public static DirectoryView Create(ClusterMembershipSnapshot snapshot)
    {
        // Silos in the order of their addresses, so that equal points have the same owner everywhere.
        var silos = new List<SiloAddress>();
        foreach (var member in snapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Active)
            {
                silos.Add(member.SiloAddress);
            }
        }

        silos.Sort();
        var owners = new SortedList<uint, SiloAddress>(silos.Count * PointsPerSilo);
        foreach (var silo in silos)
        {
            foreach (var point in silo.GetUniformHashCodes(PointsPerSilo))
            {
                owners.TryAdd(point, silo);
            }
        }

        return new DirectoryView(snapshot, [.. owners.Keys], [.. owners.Values]);
    }

    /// <summary>The silo that holds the entries of that hash. Null: no silo is active.</summary>
    public SiloAddress? GetOwner(uint hash)
    {
        if (_points.Length == 0)
        {
            return null;
        }

        var index = Array.BinarySearch(_points, hash);
        index = index < 0 ? ~index : index;
        return _owners[index == _points.Length ? 0 : index];
    }

    public SiloAddress? GetOwner(GrainId grain) => GetOwner(grain.GetUniformHashCode());

    /// <summary>Ranges that a silo owns here and did not own before.</summary>
    public List<HashRange> GetAcquired(SiloAddress silo, DirectoryView before)
    {
        // Between two neighbouring points of both rings together, neither owner changes.
        uint[] cuts = [.. _points, .. before._points];
        Array.Sort(cuts);
        var acquired = new List<HashRange>();
        for (var i = 0; i < cuts.Length; i++)
        {
            // A point that is on both rings comes twice; its first one ends the range.
            var end = cuts[i];
            var begin = cuts[i == 0 ? cuts.Length - 1 : i - 1];
            if ((i == 0 || begin != end) && silo.Equals(GetOwner(end)) && !silo.Equals(before.GetOwner(end)))
            {
                acquired.Add(new HashRange(begin, end));
            }
        }

        return acquired;
    }
}
