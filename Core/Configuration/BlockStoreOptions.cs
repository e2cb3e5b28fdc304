namespace Dpark.Configuration;

/// <summary>Where a worker keeps blocks: results, broadcast values, programs, assemblies. Bound from <c>Dpark:BlockStore</c>.</summary>
public sealed class BlockStoreOptions
{
    /// <summary>Bytes of blocks kept in memory; further ones go to the work directories, as do the oldest when tasks need their memory (<c>Dpark:Memory</c>). At least 0. Default: 64 MiB.</summary>
    public long MaxMemoryBytes { get; set; } = 64 << 20;
}
