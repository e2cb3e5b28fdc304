using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Services;

namespace Orleans.Runtime;

/// <summary>
/// A service that every silo has, added by <c>AddGrainService</c> and called through a <see cref="Services.GrainServiceClient{TGrainService}"/>. Its requests run one turn at a
/// time and interleave at every await.
/// </summary>
public abstract partial class GrainService : SystemTarget, IGrainService
{
    private readonly Silo _silo;
    private readonly ILogger _logger;

    /// <summary>A service of a silo.</summary>
    /// <param name="grainId">The id that <c>AddGrainService</c> passes to the constructor.</param>
    protected GrainService(GrainId grainId, Silo silo, ILoggerFactory loggerFactory)
        : base(grainId, (silo ?? throw new ArgumentNullException(nameof(silo))).SiloAddress)
    {
        ArgumentNullException.ThrowIfNull(loggerFactory);
        _silo = silo;
        _logger = loggerFactory.CreateLogger(GetType());
    }

    /// <summary>Where a service is in its life.</summary>
    protected enum GrainServiceStatus
    {
        /// <summary>Not started yet.</summary>
        Booting = 0,

        /// <summary>Does its work.</summary>
        Started = 1,

        /// <summary>Does nothing any more.</summary>
        Stopped = 2,
    }

    /// <summary>Cancelled when the service stops.</summary>
    protected CancellationTokenSource StoppedCancellationTokenSource { get; } = new();

    /// <summary>How often the range has changed.</summary>
    protected int RangeSerialNumber { get; private set; }

    /// <summary>The hashes that this silo's service is responsible for.</summary>
    protected IRingRange RingRange { get; private set; } = RangeFactory.CreateFullRange();

    /// <summary>Where the service is in its life. A service says itself that it is started.</summary>
    protected GrainServiceStatus Status { get; set; }

    /// <summary>Called once, before the silo is active.</summary>
    public virtual Task Init(IServiceProvider serviceProvider) => Task.CompletedTask;

    /// <summary>Called when the silo has become active. Takes the range, and starts what runs in the background.</summary>
    public virtual Task Start()
    {
        RingRange = Ring.Subscribe(this);
        _ = RunInBackgroundAsync();
        return Task.CompletedTask;
    }

    /// <summary>Called when the silo begins to stop.</summary>
    public virtual async Task Stop()
    {
        Ring.Unsubscribe(this);
        await StoppedCancellationTokenSource.CancelAsync();
        Status = GrainServiceStatus.Stopped;
    }

    /// <summary>Called when the silo became responsible for other hashes.</summary>
    /// <param name="increased">Whether hashes came that it was not responsible for before.</param>
    public virtual Task OnRangeChange(IRingRange oldRange, IRingRange newRange, bool increased)
    {
        RingRange = newRange;
        RangeSerialNumber++;
        return Task.CompletedTask;
    }

    /// <summary>What the service does on its own. Not waited for; failures are logged.</summary>
    protected virtual Task StartInBackground() => Task.CompletedTask;

    /// <summary>Tells the service, on a turn of its own.</summary>
    internal void TellRangeChange(IRingRange oldRange, IRingRange newRange, bool increased) =>
        _ = LogFailureAsync(RunAsync(() => Status == GrainServiceStatus.Stopped ? Task.CompletedTask : OnRangeChange(oldRange, newRange, increased)));

    private SiloRing Ring => _silo.Services.GetRequiredService<SiloRing>();

    private Task RunInBackgroundAsync() => LogFailureAsync(StartInBackground());

    private async Task LogFailureAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception exception)
        {
            LogFailed(_logger, GrainId, exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "Grain service {Service} failed in the background. Its silo runs on.")]
    private static partial void LogFailed(ILogger logger, GrainId service, Exception exception);
}
