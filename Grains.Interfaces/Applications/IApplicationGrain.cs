using Orleans.Concurrency;

namespace Dpark.Applications;

/// <summary>One application: its environment, its driver's lease, and its end. Keyed by <see cref="AppId"/>.</summary>
/// <remarks>
/// The driver renews its lease. When the lease ends without <see cref="EndAsync"/>, the driver is taken for dead and the application ends the same way: its tasks
/// stop and its blocks are deleted on every worker. An activation that was lost starts with a short lease of its own, until the next renewal; workers that hold
/// something of an application ask for it from time to time, so that one whose driver and grain died together ends, too.
/// </remarks>
[Alias("dpark.IApplicationGrain")]
public interface IApplicationGrain : IGrainWithStringKey
{
    /// <summary>Starts the application, or takes it over: commands of an earlier driver are refused from now on.</summary>
    /// <param name="lease">How long the driver may be silent. From 1 s to 1 hour.</param>
    /// <returns>The epoch that every command of this driver carries; at least 1.</returns>
    [Alias("Start")]
    Task<long> StartAsync(ApplicationInfo application, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Renews the lease.</summary>
    /// <returns><see langword="false"/> if the application has ended or another driver has taken it over.</returns>
    [Alias("RenewLease")]
    Task<bool> RenewLeaseAsync(ApplicationInfo application, long epoch, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Whether the application still runs, as far as is known. Asked by workers that hold something of it.</summary>
    /// <returns><see langword="false"/> if it has ended.</returns>
    [Alias("IsRunning"), ReadOnly]
    Task<bool> IsRunningAsync(CancellationToken cancellationToken);

    /// <summary>Sets a name of the application's environment. The last value counts.</summary>
    [Alias("Register")]
    Task RegisterAsync(string name, string value, CancellationToken cancellationToken);

    /// <summary>The value of a name; <see langword="null"/> if it has none.</summary>
    [Alias("Get"), ReadOnly]
    Task<string?> GetAsync(string name, CancellationToken cancellationToken);

    /// <summary>All names and values.</summary>
    [Alias("Snapshot"), ReadOnly]
    Task<Dictionary<string, string>> SnapshotAsync(CancellationToken cancellationToken);

    /// <summary>Ends the application on every worker. Returns when those that can be reached have deleted everything of it. Harmless the second time.</summary>
    [Alias("End")]
    Task EndAsync(CancellationToken cancellationToken);
}
