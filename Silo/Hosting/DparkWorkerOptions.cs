using Dpark.Configuration;

namespace Dpark.Hosting;

/// <summary>Everything that can be set about the worker of a silo. Bound from <c>Dpark</c>; what is set in code counts more.</summary>
public sealed class DparkWorkerOptions
{
    /// <summary>Whether this silo is the whole cluster: an unusable root of work directories is then an error. Default: <see langword="false"/>.</summary>
    public bool IsLocal { get; set; }

    /// <summary>Whether the process was started for tasks that may kill it.</summary>
    internal bool IsStandIn { get; set; }

    /// <summary>How attempts run.</summary>
    public ExecutorOptions Executor { get; } = new();

    /// <summary>How shuffles are written and read.</summary>
    public ShuffleOptions Shuffle { get; } = new();

    /// <summary>What tasks and cached partitions share.</summary>
    public MemoryOptions Memory { get; } = new();

    /// <summary>How much of cached partitions is kept.</summary>
    public CacheOptions Cache { get; } = new();

    /// <summary>Where blocks are kept.</summary>
    public BlockStoreOptions BlockStore { get; } = new();

    /// <summary>Where blocks are served.</summary>
    public BlockServerOptions BlockServer { get; } = new();

    /// <summary>How blocks of other workers are fetched.</summary>
    public BlockClientOptions BlockClient { get; } = new();

    /// <summary>Where files are.</summary>
    public WorkDirectoryOptions WorkDirectory { get; } = new();

    /// <summary>Who may use the worker.</summary>
    public SecurityOptions Security { get; } = new();

    /// <summary>What the worker tells the cluster about itself.</summary>
    public RegistrationOptions Registration { get; } = new();
}
