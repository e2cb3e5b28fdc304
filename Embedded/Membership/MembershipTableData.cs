using Orleans.Runtime;

namespace Orleans;

/// <summary>Rows of a membership table with their ETags, and the version.</summary>
[GenerateSerializer, Immutable, Alias("orleans.MembershipTableData")]
public sealed class MembershipTableData
{
    /// <summary>Several rows.</summary>
    public MembershipTableData(List<Tuple<MembershipEntry, string>> list, TableVersion version)
    {
        ArgumentNullException.ThrowIfNull(list);
        var rows = new List<Tuple<MembershipEntry, string>>(list);
        rows.Sort(static (left, right) => left.Item1.SiloAddress.CompareTo(right.Item1.SiloAddress));
        Members = rows;
        Version = version;
    }

    /// <summary>One row.</summary>
    public MembershipTableData(Tuple<MembershipEntry, string> tuple, TableVersion version)
        : this([tuple], version)
    {
    }

    /// <summary>No rows.</summary>
    public MembershipTableData(TableVersion version)
        : this([], version)
    {
    }

    /// <summary>The rows, in the order of their addresses.</summary>
    [Id(0)]
    public IReadOnlyList<Tuple<MembershipEntry, string>> Members { get; }

    /// <summary>The version.</summary>
    [Id(1)]
    public TableVersion Version { get; }

    /// <summary>The row of a silo, or null.</summary>
    public Tuple<MembershipEntry, string>? TryGet(SiloAddress silo) => Members.FirstOrDefault(row => row.Item1.SiloAddress.Equals(silo));

    /// <inheritdoc/>
    public override string ToString() => $"{Members.Count} silos, version {Version}: {string.Join(", ", Members.Select(row => row.Item1))}";
}
