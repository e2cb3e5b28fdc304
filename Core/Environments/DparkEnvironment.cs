using Dpark.Configuration;
using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

/// <summary>What one process of a run knows by name, and the services that live between its start and stop. Thread-safe.</summary>
public sealed class DparkEnvironment : IAsyncDisposable
{
    /// <summary>Makes an environment that is not started.</summary>
    /// <param name="codec">Name of the codec that this process writes blocks with, such as <c>lz4</c>.</param>
    /// <param name="services">Started and stopped by kind, not by place in the list.</param>
    /// <param name="isLocal">Master and workers are this process alone.</param>
    public DparkEnvironment(
        string codec, WorkDirectoryOptions workDirectory, IEnumerable<IEnvironmentService> services, bool isLocal, ILoggerFactory loggerFactory)
    {
    }

    /// <summary>Whether master and workers are this process alone.</summary>
    public bool IsLocal => throw new NotImplementedException();

    /// <summary>Whether it was started as a master and not stopped since.</summary>
    public bool IsMasterStarted => throw new NotImplementedException();

    /// <summary>Whether it was started as a worker and not stopped since.</summary>
    public bool IsWorkerStarted => throw new NotImplementedException();

    /// <summary>The directories of this process.</summary>
    /// <exception cref="InvalidOperationException">The environment is not started.</exception>
    public WorkDirectory WorkDirectory => throw new NotImplementedException();

    /// <summary>Where the map outputs of this process are served; <see langword="null"/> before the start.</summary>
    public string? ServerUri => Get(EnvironmentNames.ServerUri);

    /// <summary>Sets a name to a value. The last one counts.</summary>
    public void Register(string name, string value) => throw new NotImplementedException();

    /// <summary>Removes a name.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Unregister(string name) => throw new NotImplementedException();

    /// <summary>The value of a name, or <paramref name="defaultValue"/> if it has none.</summary>
    public string? Get(string name, string? defaultValue = null) => throw new NotImplementedException();

    /// <summary>All names and values, as they are now: what a master sends to its workers.</summary>
    public Dictionary<string, string> Snapshot() => throw new NotImplementedException();

    /// <summary>Takes over the master's names, before <see cref="StartWorkerAsync"/>. Names that this process must set itself, its work directories, are left out.</summary>
    public void Merge(IReadOnlyDictionary<string, string> master) => throw new NotImplementedException();

    /// <summary>Starts as master. Does nothing if that was done before.</summary>
    public Task StartMasterAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Starts as worker. Does nothing if that was tried before, also without success, until <see cref="StopAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">The master writes blocks with another codec: <c>no lz4 available</c>.</exception>
    public Task StartWorkerAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Stops services, then deletes the work directories. Harmless if nothing was started; afterwards it can be started again.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>As <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);
}
