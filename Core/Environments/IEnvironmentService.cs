namespace Dpark.Environments;

/// <summary>In which role a process starts its environment.</summary>
public enum EnvironmentRole
{
    /// <summary>The driver: serves the trackers.</summary>
    Master = 0,

    /// <summary>A worker: uses the trackers of its master.</summary>
    Worker = 1,
}

/// <summary>What a service of the environment is for. Decides when it is started and stopped; see <see cref="DparkEnvironment"/>.</summary>
public enum EnvironmentServiceKind
{
    /// <summary>Serves the tracker. Master only, and only where no <see cref="EnvironmentNames.TrackerAddress"/> is known yet.</summary>
    TrackerServer = 0,

    /// <summary>Talks to the tracker. Master and worker.</summary>
    TrackerClient = 1,

    /// <summary>Knows where cached partitions are. Master and worker.</summary>
    CacheTracker = 2,

    /// <summary>Knows where map outputs are. Master and worker.</summary>
    MapOutputTracker = 3,

    /// <summary>Fetches map outputs. Started once, before all others of either role.</summary>
    Fetcher = 4,

    /// <summary>Serves and fetches broadcasts. On a master only where no <see cref="EnvironmentNames.BroadcastGuideAddress"/> is known yet.</summary>
    Broadcast = 5,
}

/// <summary>Something that lives between start and stop of a <see cref="DparkEnvironment"/>. Its calls never overlap.</summary>
public interface IEnvironmentService
{
    /// <summary>What it is for.</summary>
    EnvironmentServiceKind Kind { get; }

    /// <summary>
    /// Starts it. A server registers its address in the environment; a client reads it there. Called once; a cache tracker and a map output tracker
    /// once for each role that the process has.
    /// </summary>
    /// <param name="isLocal">Master and workers are this process alone: no network is needed.</param>
    Task StartAsync(DparkEnvironment environment, EnvironmentRole role, bool isLocal, CancellationToken cancellationToken);

    /// <summary>
    /// Stops it, for all roles it was started in. Called once, also if a start failed. What it throws is logged and does not keep others from
    /// stopping.
    /// </summary>
    Task StopAsync(DparkEnvironment environment, CancellationToken cancellationToken);
}
