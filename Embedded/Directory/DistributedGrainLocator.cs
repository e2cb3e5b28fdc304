using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService;

namespace Orleans.Runtime.GrainDirectory;

/// <summary>The grain directory as one silo uses it. Thread-safe.</summary>
/// <remarks>
/// Each grain's entry is held by one silo, chosen by hash among the active ones of a membership version (<see cref="DirectoryView"/>). Requests go
/// to that silo
/// with the asker's version: a holder with an older membership reads it first, one that is not the holder says so, and the asker looks again.
/// When the membership changes, the new holder of a range asks all silos for their activations in it before it answers anybody
/// (<see cref="DirectoryState"/>).
/// A holder that dies thus loses nothing; an activation ends only with its own silo, or as the loser of a race for its registration.
/// </remarks>
internal sealed partial class DistributedGrainLocator : IGrainLocator
{
    private const int MaxAttempts = 10;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private readonly SiloAddress _self;
    private readonly DirectoryState _state;
    private readonly GrainLocationCache _cache;
    private readonly MembershipView _membership;
    private readonly MembershipProtocol _protocol;
    private readonly Func<SiloAddress, IDirectoryPartition> _partitions;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private volatile Task _recovery = Task.CompletedTask;

    public DistributedGrainLocator(
        ILocalSiloDetails silo,
        DirectoryState state,
        MembershipView membership,
        MembershipProtocol protocol,
        Func<SiloAddress, IDirectoryPartition> partitions,
        IOptions<GrainDirectoryOptions> options,
        TimeProvider clock,
        ILogger<DistributedGrainLocator> logger)
    {
        _self = silo.SiloAddress;
        _state = state;
        _membership = membership;
        _protocol = protocol;
        _partitions = partitions;
        _clock = clock;
        _logger = logger;
        _cache = new GrainLocationCache(options.Value.CacheSize);
        membership.Changed += OnMembershipChanged;
        if (membership.Current.Version > _state.View.Version)
        {
            OnMembershipChanged(membership.Current.AsUpdate());
        }
    }

    /// <summary>Completes when all entries are known that this silo holds now.</summary>
    public Task Recovered => _recovery;

    public bool TryLookupCached(GrainId grain, [NotNullWhen(true)] out GrainAddress? address) =>
        _cache.TryGet(grain, out address) || _state.TryGetEntry(grain, out address);

    public void InvalidateCache(GrainAddress address) => _cache.Remove(address);

    public async ValueTask<GrainAddress?> LookupAsync(GrainId grain, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var view = _state.View;
            switch (view.GetOwner(grain))
            {
                case null:
                    return null;
                case var owner when owner.Equals(_self):
                    if (_state.TryLookup(grain, out var entry))
                    {
                        return entry;
                    }

                    await RecoveredAsync(grain).WaitAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case var owner:
                    var reply = await AskAsync(owner, view, attempt, partition => partition.LookupAsync(grain, view.Version)).ConfigureAwait(false);
                    if (reply is not null)
                    {
                        Remember(reply.Address);
                        return reply.Address;
                    }

                    break;
            }
        }
    }

    public async ValueTask<GrainAddress> RegisterAsync(GrainAddress address, GrainAddress? previous)
    {
        for (var attempt = 1; ; attempt++)
        {
            var view = _state.View;
            switch (view.GetOwner(address.GrainId))
            {
                case null:
                    throw new OrleansException($"{address} cannot be registered, because no silo of the cluster is active. "
                        + "The silo is starting or stopping.");
                case var owner when owner.Equals(_self):
                    if (_state.TryRegister(address, previous, out var winner))
                    {
                        return winner;
                    }

                    await RecoveredAsync(address.GrainId).ConfigureAwait(false);
                    break;
                case var owner:
                    var reply = await AskAsync(owner, view, attempt, partition => partition.RegisterAsync(address, previous, view.Version)).ConfigureAwait(false);
                    if (reply?.Address is { } registered && (!registered.Matches(address) || _state.TryConfirm(address, view, reply.Version)))
                    {
                        return registered.Matches(address) ? address : Remember(registered)!;
                    }

                    break;
            }
        }
    }

    /// <summary>
    /// Removes an activation of this silo. Does not fail: an entry that stays is replaced by the silo's next activation of the grain, or goes with
    /// the silo.
    /// </summary>
    public async ValueTask UnregisterAsync(GrainAddress address)
    {
        _state.Forget(address);
        _cache.Remove(address);
        try
        {
            await UnregisterCoreAsync(address).ConfigureAwait(false);
        }
        catch (OrleansException exception)
        {
            LogEntryStays(exception, address);
        }
    }

    private async ValueTask UnregisterCoreAsync(GrainAddress address)
    {
        for (var attempt = 1; ; attempt++)
        {
            var view = _state.View;
            switch (view.GetOwner(address.GrainId))
            {
                case null:
                    return;
                case var owner when owner.Equals(_self):
                    if (_state.TryUnregister(address))
                    {
                        return;
                    }

                    await RecoveredAsync(address.GrainId).ConfigureAwait(false);
                    break;
                case var owner:
                    var reply = await AskAsync(owner, view, attempt, partition => partition.UnregisterAsync(address, view.Version)).ConfigureAwait(false);
                    if (reply is not null && _state.IsCurrent(view, reply.Version))
                    {
                        return;
                    }

                    break;
            }
        }
    }

    /// <summary>Reads the membership unless the directory's view of it is at least that new.</summary>
    public async Task EnsureVersionAsync(MembershipVersion version)
    {
        // Not the membership's own snapshot: it is newer than the directory's while the change is being taken in.
        if (_state.View.Version < version)
        {
            await _protocol.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private Task RecoveredAsync(GrainId grain) => _state.GetRecovery(grain)?.Done ?? Task.CompletedTask;

    private GrainAddress? Remember(GrainAddress? address)
    {
        // What is here needs no memory: the catalog knows.
        if (address is not null && !_self.Equals(address.SiloAddress))
        {
            _cache.Set(address);
        }

        return address;
    }

    /// <returns>The holder's answer; null if another silo is to be asked now.</returns>
    private async Task<DirectoryReply?> AskAsync(
        SiloAddress owner, DirectoryView view, int attempt, Func<IDirectoryPartition, Task<DirectoryReply>> request)
    {
        try
        {
            var reply = await request(_partitions(owner)).ConfigureAwait(false);
            if (reply.IsOwner)
            {
                return reply;
            }

            await EnsureVersionAsync(reply.Version).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception) when (exception is OrleansMessageRejectionException or TimeoutException)
        {
            LogHolderUnavailable(exception, owner, attempt);
            await _protocol.RefreshAsync(CancellationToken.None).ConfigureAwait(false);
            if (attempt >= MaxAttempts && ReferenceEquals(view, _state.View))
            {
                throw new OrleansException(
                    $"The directory entry is held by silo {owner}, which did not answer {attempt} times. "
                        + "The call may be tried again when the membership has changed.", exception);
            }

            if (ReferenceEquals(view, _state.View))
            {
                await Task.Delay(RetryDelay * attempt, _clock).ConfigureAwait(false);
            }

            return null;
        }
    }

    private void OnMembershipChanged(ClusterMembershipUpdate update)
    {
        var recovery = _state.Change(DirectoryView.Create(update.Snapshot));
        if (update.Changes.Any(change => change.Status == SiloStatus.Dead))
        {
            _cache.RemoveDead(update.Snapshot);
        }

        if (recovery is not null)
        {
            _recovery = Task.WhenAll(_recovery, Task.Run(() => RecoverAsync(recovery)));
        }
    }

    private async Task RecoverAsync(DirectoryRecovery recovery)
    {
        var answers = await Task.WhenAll(_state.GetSources(recovery.View).Select(silo => GetRegistrationsAsync(silo, recovery))).ConfigureAwait(false);
        _state.Complete(recovery, answers.SelectMany(answer => answer));
    }

    // A silo that does not answer is asked until it does or is dead: before, one of its activations might get a twin.
    private async Task<List<GrainAddress>> GetRegistrationsAsync(SiloAddress silo, DirectoryRecovery recovery)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _partitions(silo).GetRegistrationsAsync(recovery.Ranges, recovery.View.Version).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                if (_membership.Current.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None
                    || _membership.Current.GetSiloStatus(_self).IsTerminating())
                {
                    return [];
                }

                LogHolderUnavailable(exception, silo, attempt);
                await Task.Delay(RetryDelay * Math.Min(attempt, 50), _clock).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "The directory entry of {Address} could not be removed.")]
    private partial void LogEntryStays(Exception exception, GrainAddress address);

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} did not answer a question of the directory (attempt {Attempt}).")]
    private partial void LogHolderUnavailable(Exception exception, SiloAddress silo, int attempt);
}
