using Dpark.Applications;
using Orleans.Concurrency;

namespace Dpark.Workers;

/// <summary>Knows the workers and applications of the cluster. One per cluster, with the key <see cref="Key"/>.</summary>
/// <remarks>
/// A worker repeats its registration every few seconds, so an activation that starts empty, on another silo, is complete again soon. A worker leaves the list when
/// it says so, or when membership declares its silo dead; never because a call failed.
/// </remarks>
[Alias("dpark.IMasterGrain")]
public interface IMasterGrain : IGrainWithStringKey
{
    /// <summary>The only key.</summary>
    const string Key = "master";

    /// <summary>Adds a worker, or replaces what is known of it. Changes nothing if it is known with the same values.</summary>
    /// <returns><see langword="false"/> if membership has declared the worker's silo dead: it must end.</returns>
    [Alias("RegisterWorker")]
    Task<bool> RegisterWorkerAsync(WorkerInfo worker, CancellationToken cancellationToken);

    /// <summary>Removes a worker that stops. Unknown ones are ignored.</summary>
    [Alias("UnregisterWorker")]
    Task UnregisterWorkerAsync(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>The workers: at once if they are not those of the given version, else as soon as they change, at the latest after <paramref name="maxWait"/>.</summary>
    /// <param name="generation">Of the list that the caller has; default for none.</param>
    /// <param name="version">Of the list that the caller has; 0 for none.</param>
    /// <param name="maxWait">From 0 to 6 s: a driver outside the cluster learns that the master's silo is dead by the timeout of this call only.</param>
    [Alias("WatchWorkers"), AlwaysInterleave, ResponseTimeout("00:00:05")]
    Task<WorkerList> WatchWorkersAsync(Guid generation, long version, TimeSpan maxWait, CancellationToken cancellationToken);

    /// <summary>Adds an application, or replaces what is known of it.</summary>
    [Alias("RegisterApplication")]
    Task RegisterApplicationAsync(ApplicationInfo application, CancellationToken cancellationToken);

    /// <summary>Removes an application that has ended. Unknown ones are ignored.</summary>
    [Alias("UnregisterApplication")]
    Task UnregisterApplicationAsync(AppId application, CancellationToken cancellationToken);

    /// <summary>The applications that run, in order of registration.</summary>
    [Alias("ListApplications"), ReadOnly]
    Task<ApplicationInfo[]> ListApplicationsAsync(CancellationToken cancellationToken);
}
