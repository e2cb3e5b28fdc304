using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.Management;
using Orleans.Runtime.MembershipService;

namespace Orleans.Runtime;

/// <summary>The grain classes that the other silos host: with them, interfaces are resolved whose classes this silo does not have. Thread-safe.</summary>
/// <remarks>Each silo is asked once, when it becomes active, and until it answers or is gone; what it hosts does not change while it lives.</remarks>
internal sealed partial class ClusterGrainClasses : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimeToJoin = TimeSpan.FromSeconds(5);

    private readonly ILocalSiloDetails _silo;
    private readonly MembershipView _membership;
    private readonly Func<SiloAddress, ISiloControl> _silos;
    private readonly TimeProvider _clock;
    private readonly ILogger<ClusterGrainClasses> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, Task> _asked = [];
    private bool _isDisposed;
    private ImmutableDictionary<SiloAddress, GrainClassEntry[]> _classes = ImmutableDictionary<SiloAddress, GrainClassEntry[]>.Empty;

    public ClusterGrainClasses(
        ILocalSiloDetails silo,
        MembershipView membership,
        Func<SiloAddress, ISiloControl> silos,
        IOptions<SiloMessagingOptions> options,
        TimeProvider clock,
        ILogger<ClusterGrainClasses> logger)
    {
        _silo = silo;
        _membership = membership;
        _silos = silos;
        _clock = clock;
        _logger = logger;
        if (!options.Value.AssumeHomogenousSilosForTesting)
        {
            membership.Changed += update => OnChanged(update.Snapshot);
        }
    }

    /// <summary>Told when other silos' classes are known that were not, or no longer count. On any thread.</summary>
    public event Action? Changed;

    /// <summary>What other silos host; a class comes once for each of them.</summary>
    public IEnumerable<GrainClassEntry> OfOthers => Volatile.Read(ref _classes).Values.SelectMany(classes => classes);

    void ILifecycleParticipant<ISiloLifecycle>.Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(ClusterGrainClasses),
        ServiceLifecycleStage.BecomeActive - 1,
        JoinAsync,
        _ => _isDisposed ? Task.CompletedTask : _stop.CancelAsync());

    /// <summary>Completes when every silo that is active now has answered or is gone.</summary>
    public Task WhenAskedAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_asked.Values);
        }
    }

    public void Dispose()
    {
        // The container has it under two types, and disposes it for each.
        if (!_isDisposed)
        {
            _isDisposed = true;
            _stop.Cancel();
            _stop.Dispose();
        }
    }

    /// <summary>Waits for the silos that run, so that the first call of this one can be of any grain; but a silo that does not answer holds nobody up.</summary>
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WhenAskedAsync().WaitAsync(TimeToJoin, _clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogJoinedEarly(_logger, TimeToJoin);
        }
    }

    private void OnChanged(ClusterMembershipSnapshot snapshot)
    {
        var hasLost = false;
        lock (_gate)
        {
            foreach (var gone in _asked.Keys.Where(member => snapshot.GetSiloStatus(member) != SiloStatus.Active).ToList())
            {
                _asked.Remove(gone);
                hasLost |= ImmutableInterlocked.TryRemove(ref _classes, gone, out var _);
            }

            foreach (var member in snapshot.Members.Values)
            {
                if (member.Status == SiloStatus.Active && !member.SiloAddress.Equals(_silo.SiloAddress) && !_asked.ContainsKey(member.SiloAddress))
                {
                    _asked.Add(member.SiloAddress, AskAsync(member.SiloAddress));
                }
            }
        }

        if (hasLost)
        {
            Changed?.Invoke();
        }
    }

    private async Task AskAsync(SiloAddress member)
    {
        // Handlers of the membership must be short.
        var stop = _stop.Token;
        await Task.Yield();
        while (!stop.IsCancellationRequested && _membership.Current.GetSiloStatus(member) == SiloStatus.Active)
        {
            try
            {
                var classes = await _silos(member).GetGrainClassesAsync().ConfigureAwait(false);
                lock (_gate)
                {
                    if (!_asked.ContainsKey(member))
                    {
                        return;
                    }

                    _classes = _classes.SetItem(member, classes);
                }

                Changed?.Invoke();
                return;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                LogNotAnswered(_logger, member, exception.Message);
            }

            await Task.Delay(RetryDelay, _clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Not all silos have told in {Limit} which grain classes they host. Calls of grains that only they have fail until they do.")]
    private static partial void LogJoinedEarly(ILogger logger, TimeSpan limit);

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} did not tell which grain classes it hosts and is asked again: {Reason}")]
    private static partial void LogNotAnswered(ILogger logger, SiloAddress silo, string reason);
}
