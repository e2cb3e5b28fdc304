using Dpark.Applications;
using Dpark.Closures;
using Dpark.Clusters;
using Dpark.Configuration;
using Dpark.Driver;
using Dpark.Jobs;
using Dpark.Planning;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Dpark;

/// <summary>
/// One application: the place where RDDs begin and jobs are run. Made over a client of a cluster of workers, by
/// <see cref="ConnectAsync"/>, or by <c>LocalAsync</c> with a worker in this process.
/// </summary>
/// <remarks>
/// <para>Thread-safe; many jobs may run at once. Nothing is sent to the cluster before the first job, or <see cref="StartAsync"/>.</para>
/// <para>Disposing ends the application: jobs that run are cancelled, and everything of it is deleted on every worker.</para>
/// </remarks>
/// <example><code>
/// await using var dpark = new DparkContext(clusterClient);
/// var even = await dpark.Range(0, 1000).Filter(n => n % 2 == 0).CountAsync();
/// </code></example>
public sealed partial class DparkContext : IRddContext, IAsyncDisposable
{
    private readonly DparkClientOptions _options;
    private readonly DriverSession _session;
    private readonly StagePlanner _planner = new();
    private readonly ClosureSerializer _closures;
    private readonly JobListeners _listeners;
    private readonly ILogger<DparkContext> _logger;
    private int _nextRdd = -1;
    private int _nextShuffle = -1;
    private int _nextJob = -1;
    private int _isDisposed;

    /// <summary>Makes a context. Nothing is sent yet.</summary>
    /// <param name="client">A connected client, or one of a silo in this process. The caller's to dispose, after the context.</param>
    /// <param name="options"><see langword="null"/> for the defaults. Must not be changed afterwards.</param>
    /// <exception cref="OptionsValidationException">Options are out of their ranges; the message names all of them.</exception>
    public DparkContext(IClusterClient client, DparkClientOptions? options = null)
        : this(client, options, isLocal: false)
    {
    }

    /// <param name="isLocal">All workers are in this process, so they have its code.</param>
    /// <param name="code">What is known of the program's modules already, and nobody else uses; <see langword="null"/>: nothing.</param>
    internal DparkContext(IClusterClient client, DparkClientOptions? options, bool isLocal, CodeCatalog? code = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _options = options ?? new DparkClientOptions();
        var check = new DparkClientOptionsValidator().Validate(null, _options);
        if (check.Failed)
        {
            throw new OptionsValidationException("", typeof(DparkClientOptions), check.Failures);
        }

        Partitioning = _options.DefaultParallelism is null ? _options.Partitioning : _options.Partitioning.WithoutSizes();
        var services = client.ServiceProvider;
        var timeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var loggers = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        _logger = loggers.CreateLogger<DparkContext>();
        Application = NewApplicationId(timeProvider);
        _closures = new ClosureSerializer(_options.Closures, code ?? new CodeCatalog(isLocal));
        _listeners = new JobListeners(_options, timeProvider, loggers);
        _session = new DriverSession(
            client, new DriverSettings(Application, _options, isLocal), _closures, _planner, _listeners, timeProvider, loggers);
    }

    /// <summary>Connects to a cluster of other processes, and makes a context that owns the connection: the application has started, and there is a worker that takes its secret.</summary>
    /// <remarks>Nothing of the program's own configuration or environment is read. Code that the silos do not have goes there with the jobs.</remarks>
    /// <exception cref="OptionsValidationException">Options are out of their ranges; the message names all of them.</exception>
    /// <exception cref="ClusterUnreachableException">
    /// The cluster did not answer within <see cref="ConnectOptions.Timeout"/>, has no worker, or does not take this client. The message names what was tried.
    /// </exception>
    /// <example><code>await using var dpark = await DparkContext.ConnectAsync(new ConnectOptions { Gateways = { "silo-1:30000" } });</code></example>
    public static Task<DparkContext> ConnectAsync(ConnectOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var check = new ConnectOptionsValidator().Validate(null, options);
        return check.Failed
            ? throw new OptionsValidationException("", typeof(ConnectOptions), check.Failures)
            : new ClusterConnector(options).ConnectAsync(cancellationToken);
    }

    /// <summary>Names the application in the cluster.</summary>
    public AppId Application { get; }

    /// <inheritdoc/>
    /// <remarks>See <see cref="DparkClientOptions.DefaultParallelism"/>. A context that is not started yet does not know its cluster: call <see cref="StartAsync"/> first.</remarks>
    public int DefaultParallelism => _options.DefaultParallelism ?? _session.KnownSlotCount ?? Environment.ProcessorCount;

    /// <inheritdoc/>
    /// <remarks>Sizes are left aside if <see cref="DparkClientOptions.DefaultParallelism"/> is set.</remarks>
    public PartitioningOptions Partitioning { get; }

    /// <summary>The assemblies that jobs use. Give it the bytes of those that were loaded without a file.</summary>
    public CodeCatalog Code => _closures.Catalog;

    /// <summary>Sums over all tasks of all jobs so far.</summary>
    public JobMetrics Totals => _session.Totals.Snapshot();

    /// <summary>Why the cluster refused to start the application the last time.</summary>
    internal Exception? StartRejection => _session.StartRejection;

    /// <summary>Starts the application in the cluster, as the first job would. Does nothing the second time; after a failure it tries again.</summary>
    /// <exception cref="Orleans.Runtime.OrleansException">The cluster cannot be reached.</exception>
    /// <exception cref="ObjectDisposedException">The context is disposed.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _session.StartAsync(cancellationToken);
    }

    /// <summary>Has a listener told about every job from now on, until the returned object is disposed.</summary>
    public IDisposable Subscribe(IJobListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        return _listeners.Add(listener);
    }

    /// <summary>Sets a name of the application's environment, which every driver and tool of the cluster can read. The last value counts.</summary>
    public async Task RegisterAsync(string name, string value, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        await StartAsync(cancellationToken).ConfigureAwait(false);
        await _session.Names.RegisterAsync(name, value, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The value of a name of the application's environment; <see langword="null"/> if it has none.</summary>
    public async Task<string?> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        await StartAsync(cancellationToken).ConfigureAwait(false);
        return await _session.ApplicationGrain.GetAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All names of the application's environment with their values, as they are now.</summary>
    public async Task<IReadOnlyDictionary<string, string>> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false);
        return await _session.ApplicationGrain.SnapshotAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public RddId NewRddId() => new(Interlocked.Increment(ref _nextRdd));

    /// <inheritdoc/>
    public ShuffleId NewShuffleId() => new(Application, Interlocked.Increment(ref _nextShuffle));

    /// <inheritdoc/>
    public Task DropCachedAsync(RddId rdd, CancellationToken cancellationToken) => _session.DropCachedAsync(rdd, cancellationToken);

    /// <inheritdoc/>
    public void CheckClosure(Delegate function, CallSite callSite) => _closures.Check(function, callSite);

    /// <summary>Cancels the jobs that run and ends the application: everything of it is deleted on every worker that can be reached. Harmless the second time.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        try
        {
            await _session.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _listeners.Dispose();
            if (Owner is not null)
            {
                await Owner.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>What goes with the context, such as the host of a local run.</summary>
    internal IAsyncDisposable? Owner { get; init; }

    /// <summary>Starts the application and waits until the cluster has a worker.</summary>
    internal async Task WaitForWorkersAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken).ConfigureAwait(false);
        await _session.WaitForWorkersAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits until a worker has taken the secret and answered.</summary>
    /// <exception cref="IOException">None does; the message has each one's reason.</exception>
    internal Task CheckWorkersAsync(CancellationToken cancellationToken) => _session.CheckWorkersAsync(cancellationToken);

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    private static AppId NewApplicationId(TimeProvider timeProvider) =>
        new(string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"app-{timeProvider.GetUtcNow():yyyyMMdd-HHmmss}-{LowerHex.NewUnique()[..8]}"));
}
