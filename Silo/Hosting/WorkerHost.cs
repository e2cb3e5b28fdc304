using System.Net;
using System.Text;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Environments;
using Dpark.Memory;
using Dpark.Security;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Workers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Dpark.Hosting;

/// <summary>Starts and stops the worker of a silo with the silo.</summary>
/// <remarks>
/// <para>Start: environment with its work directories, block server, executor (begun at stage First on another core, because the silo's own start needs none of them and
/// they none of it; done at stage ApplicationServices); registration at the master (stage Active). Options are checked before anything.</para>
/// <para>Stop, in reverse: the worker says that it has no slots, ends its attempts and hands over their reports, leaves the master's list (stage Active, while
/// calls still work); then executor, block server and work directories go (stage ApplicationServices, when grains are gone).</para>
/// <para>A silo that is killed stops with a token that has fired: the block server closes and the attempts are cancelled at once, nobody is told, nothing is
/// waited for. The work directories go in any case.</para>
/// </remarks>
internal sealed partial class WorkerHost(
    IOptions<DparkWorkerOptions> options,
    LocalWorker local,
    IGrainFactory grains,
    TimeProvider timeProvider,
    ILoggerFactory loggers,
    ClusterTls? tls = null,
    IStandInStarter? standIn = null) : ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable, IDisposable
{
    private readonly ILogger<WorkerHost> _logger = loggers.CreateLogger<WorkerHost>();
    private Task _start = Task.CompletedTask;
    private DparkEnvironment? _environment;
    private BlockServer? _server;
    private BlockClient? _client;
    private Worker? _worker;
    private WorkerRegistration? _registration;
    private ExitWatch? _exitWatch;

    /// <summary>The environment of this process; <see langword="null"/> before the start.</summary>
    public DparkEnvironment? Environment => _environment;

    /// <summary>What the worker says of itself; <see langword="null"/> before the start.</summary>
    public WorkerInfo? Info => _worker?.Info;

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        // Throws here, before the silo joins the cluster, if anything is wrong.
        _ = options.Value;
        lifecycle.Subscribe(nameof(WorkerHost), ServiceLifecycleStage.First, BeginAsync, StopAsync);
        lifecycle.Subscribe(nameof(WorkerHost), ServiceLifecycleStage.ApplicationServices, _ => _start, StopAsync);
        lifecycle.Subscribe(nameof(WorkerRegistration), ServiceLifecycleStage.Active, RegisterAsync, LeaveAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await AbortAsync().ConfigureAwait(false);
        await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private Task BeginAsync(CancellationToken cancellationToken)
    {
        _start = Task.Run(() => StartAsync(cancellationToken), CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StartEnvironmentAsync(cancellationToken).ConfigureAwait(false);
            StartWorker(_environment!.WorkDirectory.Paths);
        }
        catch
        {
            await StopStartedAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            throw;
        }
    }

    private async Task StartEnvironmentAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var codec = BlockCodecs.Preferred.Name;
        _environment = new(codec, settings.WorkDirectory, [], settings.IsLocal, loggers);
        if (settings.IsLocal)
        {
            await _environment.StartMasterAsync(cancellationToken).ConfigureAwait(false);
        }

        // Whoever reads the map outputs of this cluster must have the codec that they are written with.
        _environment.Register(EnvironmentNames.Compress, settings.Shuffle.Compression == ShuffleCompression.Lz4 ? "lz4" : codec);
        await _environment.StartWorkerAsync(cancellationToken).ConfigureAwait(false);
    }

    private void StartWorker(IReadOnlyList<string> directories)
    {
        var settings = options.Value;
        var secret = Encoding.UTF8.GetBytes(settings.Security.ClusterSecret);
        var memory = new WorkerMemory(settings.Memory, timeProvider);
        memory.CountSpare(() => PagePool.Shared.WaitingBytes, PagePool.Shared.Drop);
        var storage = new WorkerStorage(directories, settings.BlockStore, settings.Shuffle, new DiskQuota(settings.WorkDirectory.MaxBytesPerRoot), memory);
        _server = new(local.Id, storage.Blocks, storage.MapOutputs, secret, settings.BlockServer, loggers.CreateLogger<BlockServer>(), time: null, tls);
        _server.Start();
        _client = new(secret, settings.BlockClient, time: null, tls);
        var registration = settings.Registration;
        var info = new WorkerInfo(
            local.Id,
            registration.Host ?? HostName(settings),
            _server.Endpoint,
            settings.Executor.SlotCount,
            registration.MemoryBytes > 0 ? registration.MemoryBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            IsStandIn = settings.IsStandIn,
        };
        _worker = new(info, storage, _client, settings.Executor, settings.Shuffle, settings.Cache, grains, timeProvider, loggers) { StandIn = standIn };
        _server.Cached = _worker.Cache;
        local.Set(_worker);
        _exitWatch = new(_worker, loggers.CreateLogger<ExitWatch>());
        LogStarted(info.Id, info.SlotCount, info.BlockEndpoint, string.Join(", ", directories));
    }

    // In a local run there is no other machine to tell it from, and the library of name resolution need not be loaded.
    private static string HostName(DparkWorkerOptions settings) => settings.IsLocal ? System.Environment.MachineName : Dns.GetHostName();

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        _registration = new(_worker!, _environment!.WorkDirectory, grains, options.Value.Registration, timeProvider, loggers.CreateLogger<WorkerRegistration>());
        _registration.Refused += OnRefused;
        await _registration.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        local.SignalStop();
        if (cancellationToken.IsCancellationRequested)
        {
            await AbortAsync().ConfigureAwait(false);
            return;
        }

        if (_worker is not { } worker || _registration is not { } registration)
        {
            // Another part of the silo failed to start.
            return;
        }

        using var abort = cancellationToken.UnsafeRegister(static host => _ = ((WorkerHost)host!).AbortAsync(), this);
        worker.Drain();
        await registration.SayAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await worker.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time for stopping is over; the threads end with the process.
        }

        await registration.LeaveAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _start.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The silo's start tells what was wrong.
        catch (Exception)
#pragma warning restore CA1031
        {
        }

        await StopStartedAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task StopStartedAsync(CancellationToken cancellationToken)
    {
        local.Set(null);
        Interlocked.Exchange(ref _exitWatch, null)?.Dispose();
        if (Interlocked.Exchange(ref _registration, null) is { } registration)
        {
            await registration.DisposeAsync().ConfigureAwait(false);
        }

        if (Interlocked.Exchange(ref _worker, null) is { } worker)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                worker.Abort();
            }

            await worker.DisposeAsync().ConfigureAwait(false);
        }

        await CloseServerAsync().ConfigureAwait(false);
        Interlocked.Exchange(ref _client, null)?.Dispose();
        if (_environment is { } environment)
        {
            await environment.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The silo was killed: it serves nobody from now on.</summary>
    private async Task AbortAsync()
    {
        local.Set(null);
        _worker?.Abort();
        await CloseServerAsync().ConfigureAwait(false);
    }

    private async Task CloseServerAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is { } server)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void OnRefused()
    {
        LogRefused(local.Id);
        _ = AbortAsync();
    }

    [LoggerMessage(LogLevel.Information, "Worker {Worker} has {SlotCount} slots, serves blocks at {Endpoint} and keeps files in {Directories}.")]
    private partial void LogStarted(WorkerId worker, int slotCount, string endpoint, string directories);

    [LoggerMessage(
        LogLevel.Critical,
        "Worker {Worker} was declared dead by the cluster while it ran, so it ends its tasks and serves no blocks. Start the process again.")]
    private partial void LogRefused(WorkerId worker);
}
