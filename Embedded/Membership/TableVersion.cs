namespace Orleans;

/// <summary>Version of a membership table, with the ETag of the store.</summary>
[GenerateSerializer, Immutable, Alias("orleans.TableVersion")]
public sealed class TableVersion(int version, string eTag) : IEquatable<TableVersion>
{
    /// <summary>The number. It grows by one with each change.</summary>
    [Id(0)]
    public int Version { get; } = version;

    /// <summary>The ETag of the store's current version.</summary>
    [Id(1)]
    public string VersionEtag { get; } = eTag;

    /// <summary>The version to install: the next number, with the ETag that the store must still have.</summary>
    public TableVersion Next() => new(Version + 1, VersionEtag);

    /// <inheritdoc/>
    public bool Equals(TableVersion? other) =>
        other is not null && Version == other.Version && string.Equals(VersionEtag, other.VersionEtag, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TableVersion);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Version, VersionEtag);

    /// <inheritdoc/>
    public override string ToString() => $"<{Version}, {VersionEtag}>";

    /// <summary>Whether number and ETag are the same.</summary>
    public static bool operator ==(TableVersion? left, TableVersion? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether number or ETag differ.</summary>
    public static bool operator !=(TableVersion? left, TableVersion? right) => !(left == right);
}
