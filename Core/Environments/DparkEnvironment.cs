using System.Collections.Concurrent;
using Dpark.Configuration;
using Dpark.Tasks;
using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

/// <summary>What one process of a run knows by name, and the services that live between its start and stop. Thread-safe.</summary>
/// <remarks>
/// <para>
/// A master starts: the fetcher; its names (codec, identity, work directories, URI); then tracker server, tracker client, cache tracker, map output
/// tracker, broadcast. A worker starts: the fetcher; the codec check; its names; then tracker client, cache tracker, map output tracker, broadcast. A
/// process that is both starts the second role on what the first one has: names stay, work directories are shared, and a service that makes no
/// difference between the roles is started once.
/// </para>
/// <para>
/// The flag of a role is set before anything can fail, so a start that failed is not tried again until <see cref="StopAsync"/>: a worker that does
/// not fit its master would otherwise be started by each task anew.
/// </para>
/// <para>
/// It stops in this order: tracker client, fetcher, cache tracker, map output tracker, tracker server, broadcast, work directories. A service that
/// fails to stop is logged and does not keep the others. Names that the environment set itself are forgotten, those that others registered are kept.
/// </para>
/// </remarks>
public sealed partial class DparkEnvironment : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<string> _ownNames = [];
    private readonly List<(IEnvironmentService Service, EnvironmentRole Role)> _started = [];
    private readonly IEnvironmentService[] _services;
    private readonly string _codec;
    private readonly WorkDirectoryOptions _options;
    private readonly ILogger<DparkEnvironment> _logger;
    private readonly ILoggerFactory _loggerFactory;
    private WorkDirectory? _workDirectory;
    private Task? _masterStart;
    private Task? _workerStart;

    /// <summary>Makes an environment that is not started.</summary>
    /// <param name="codec">Name of the codec that this process writes blocks with, such as <c>lz4</c>.</param>
    /// <param name="services">Started and stopped by kind; those of one kind in the order of the list, and in reverse.</param>
    /// <param name="isLocal">Master and workers are this process alone.</param>
    public DparkEnvironment(
        string codec, WorkDirectoryOptions workDirectory, IEnumerable<IEnvironmentService> services, bool isLocal, ILoggerFactory loggerFactory)
    {
        ArgumentException.ThrowIfNullOrEmpty(codec);
        ArgumentNullException.ThrowIfNull(workDirectory);
        ArgumentNullException.ThrowIfNull(services);
        _codec = codec;
        _options = workDirectory;
        _services = [.. services];
        _logger = loggerFactory.CreateLogger<DparkEnvironment>();
        _loggerFactory = loggerFactory;
        IsLocal = isLocal;
    }

    /// <summary>Whether master and workers are this process alone.</summary>
    public bool IsLocal { get; }

    /// <summary>Whether it was started as a master, with or without success, and not stopped since.</summary>
    public bool IsMasterStarted => Volatile.Read(ref _masterStart) is not null;

    /// <summary>Whether it was started as a worker, with or without success, and not stopped since.</summary>
    public bool IsWorkerStarted => Volatile.Read(ref _workerStart) is not null;

    /// <summary>What the tasks of this process did outside any attempt. All 0 at first.</summary>
    public TaskMetrics Totals { get; } = new();

    /// <summary>The memory of this process. There before any start, without a limit.</summary>
    public MemoryChecker Memory { get; } = new();

    /// <summary>The directories of this process.</summary>
    /// <exception cref="InvalidOperationException">The environment is not started.</exception>
    public WorkDirectory WorkDirectory => Volatile.Read(ref _workDirectory) ?? throw new InvalidOperationException(
        "The environment has no work directories, because it was not started or its start failed. Start it as master or worker before using them.");

    /// <summary>Where the map outputs of this process are served; <see langword="null"/> before the start, unless it was registered.</summary>
    public string? ServerUri => Get(EnvironmentNames.ServerUri);

    /// <summary>Sets a name to a value. The last one counts.</summary>
    public void Register(string name, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        _names[name] = value;
    }

    /// <summary>Removes a name.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Unregister(string name) => _names.TryRemove(name, out _);

    /// <summary>The value of a name, or <paramref name="defaultValue"/> if it has none.</summary>
    public string? Get(string name, string? defaultValue = null) => _names.TryGetValue(name, out var value) ? value : defaultValue;

    /// <summary>All names and values, as they are now: what a master sends to its workers.</summary>
    public Dictionary<string, string> Snapshot() => new(_names, StringComparer.Ordinal);

    /// <summary>
    /// Takes over the master's names, before <see cref="StartWorkerAsync"/>. What only the master itself can use is left out: its work directories and its
    /// <see cref="ServerUri"/>. Other names replace those that are there.
    /// </summary>
    public void Merge(IReadOnlyDictionary<string, string> master)
    {
        ArgumentNullException.ThrowIfNull(master);
        foreach (var (name, value) in master)
        {
            if (name is not (EnvironmentNames.WorkDirectories or EnvironmentNames.ServerUri))
            {
                Register(name, value);
            }
        }
    }

    /// <summary>Starts as master. A further call only waits for the first one, and fails as it did.</summary>
    public Task StartMasterAsync(CancellationToken cancellationToken) =>
        StartOnce(ref _masterStart, () => StartAsync(EnvironmentRole.Master, cancellationToken));

    /// <summary>Starts as worker. A further call only waits for the first one, and fails as it did, until <see cref="StopAsync"/>.</summary>
    /// <exception cref="InvalidOperationException">The master writes blocks with another codec: <c>no lz4 available</c>.</exception>
    public Task StartWorkerAsync(CancellationToken cancellationToken) =>
        StartOnce(ref _workerStart, () => StartAsync(EnvironmentRole.Worker, cancellationToken));

    /// <summary>Stops services, then deletes the work directories. Harmless if nothing was started; afterwards it can be started again.</summary>
    /// <param name="cancellationToken">Handed to the services; the work directories are deleted in any case.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopServicesAsync(cancellationToken).ConfigureAwait(false);
            Interlocked.Exchange(ref _workDirectory, null)?.Delete();
            ForgetOwnNames();
            Memory.Stop();
            Volatile.Write(ref _masterStart, null);
            Volatile.Write(ref _workerStart, null);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>As <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private static Task StartOnce(ref Task? field, Func<Task> start)
    {
        var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref field, completion.Task, null) is { } earlier)
        {
            return earlier;
        }

        return RunAsync(start, completion);
    }

    private static async Task RunAsync(Func<Task> start, TaskCompletionSource completion)
    {
        try
        {
            await start().ConfigureAwait(false);
            completion.SetResult();
        }
        catch (Exception e)
        {
            completion.SetException(e);

            // Nobody may ever look at the shared task; the caller sees this one.
            _ = completion.Task.Exception;
            throw;
        }
    }
}
