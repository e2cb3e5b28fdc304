using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime;

internal sealed partial class SiloRuntime
{
    private readonly UnaddressedRequests _unaddressed = new();

    private IPlacementService Placer => field ??= Services.GetRequiredService<IPlacementService>();

    /// <summary>Sends a request on that cannot be carried out here: its activation ended or never was here.</summary>
    /// <param name="gone">What the sender may still believe in.</param>
    public void Reroute(Message message, GrainAddress gone) => _ = RerouteAsync([message], gone, winner: null);

    /// <summary>Sends on the requests that waited for an activation which ended. They stay together.</summary>
    /// <param name="winner">The activation that the grain has instead; null: unknown.</param>
    /// <returns>Completes when they are on their way. A silo that stops must not go before.</returns>
    public Task RerouteAsync(List<Message> messages, GrainAddress gone, GrainAddress? winner)
    {
        Locator.InvalidateCache(gone);
        messages.RemoveAll(message => message.IsTimerTick || (message.IsExpired && MessagingOptions.DropExpiredMessages));
        if (messages.Count == 0)
        {
            return Task.CompletedTask;
        }

        foreach (var message in messages)
        {
            message.Flags &= ~MessageFlags.IsNewPlacement;
            message.IsRerouted = true;
            if (!Silo.Equals(message.SendingSilo))
            {
                (message.CacheInvalidations ??= []).Add(gone);
            }
        }

        if (winner is not null)
        {
            // The way from the loser of a race to the winner is no hop: the sender was not wrong about the grain.
            foreach (var message in messages)
            {
                message.IsRerouted = false;
                Dispatch(message, winner, isNew: false);
            }

            return Task.CompletedTask;
        }

        if (!_unaddressed.IsFirst(gone.GrainId, [.. messages]))
        {
            return Task.CompletedTask;
        }

        // What is cached here may be as old as what the sender had, so the directory itself is asked.
        return ResolveAsync(messages[0]);
    }

    /// <summary>Finds the silo of a request whose target is a grain.</summary>
    private void Address(Message message)
    {
        if (_unaddressed.Contains(message.TargetGrain))
        {
            // Its activation may be here, or its address be cached, a moment before the requests that wait for it are on their way.
            Resolve(message);
        }
        else if (Catalog.TryGet(message.TargetGrain, out var activation))
        {
            message.TargetSilo = Silo;
            DeliverTo(activation, message);
        }
        else if (_classes.Value.TryGet(message.TargetGrain.Type, out var grainClass) && !grainClass.UsesDirectory)
        {
            AddressWorker(message, grainClass);
        }
        else if (Locator.TryLookupCached(message.TargetGrain, out var address) && !Silo.Equals(address.SiloAddress))
        {
            message.TargetSilo = address.SiloAddress;
            Transmit(message);
        }
        else
        {
            Resolve(message);
        }
    }

    private void Resolve(Message message)
    {
        if (_unaddressed.IsFirst(message.TargetGrain, message))
        {
            _ = ResolveAsync(message);
        }
    }

    private void AddressWorker(Message message, GrainClass grainClass)
    {
        // A worker is where it is called, unless a hint or a strategy of its own says otherwise.
        var isHere = Oracle.CurrentStatus == SiloStatus.Active
            && grainClass.Placement is StatelessWorkerPlacement
            && message.RequestContextData?.ContainsKey(IPlacementDirector.PlacementHintKey) is not true;
        if (!isHere)
        {
            _ = PlaceWorkerAsync(message);
            return;
        }

        message.TargetSilo = Silo;
        if (TryReadRequest(message))
        {
            Catalog.GetOrCreateWorkers(grainClass, message.TargetGrain).ReceiveMessage(message);
        }
    }

    // Not joined by others: each call of a worker is placed by itself.
    private async Task PlaceWorkerAsync(Message message)
    {
        using var _ = UnderWay.Begin();
        try
        {
            message.TargetSilo = await PlaceAsync(message).ConfigureAwait(false);
            Transmit(message);
        }
        catch (Exception exception)
        {
            Reject(message, exception);
        }
    }

    /// <summary>Asks the directory, places the grain if it is not active, and sends the request and those that joined it meanwhile.</summary>
    private async Task ResolveAsync(Message message)
    {
        var grain = message.TargetGrain;
        var found = await FindAsync(message).ConfigureAwait(false);
        DispatchOrReject(message, found);
        while (_unaddressed.TakeJoined(grain) is { Count: > 0 } joined)
        {
            if (joined.Exists(request => request.IsRerouted))
            {
                // It has come back from the address that was found: the first one too, if this silo begins to leave after it was placed here.
                found = await FindAsync(joined[0]).ConfigureAwait(false);
            }

            joined.ForEach(request => DispatchOrReject(request, found));
        }
    }

    /// <summary>Where requests of a grain go, or why nowhere.</summary>
    private async Task<(GrainAddress? Address, bool IsNew, Exception? Failure)> FindAsync(Message message)
    {
        try
        {
            if (await Locator.LookupAsync(message.TargetGrain, CancellationToken.None).ConfigureAwait(false) is { } known)
            {
                return (known, false, null);
            }

            return (new GrainAddress { GrainId = message.TargetGrain, SiloAddress = await PlaceAsync(message).ConfigureAwait(false) }, true, null);
        }
        catch (Exception exception)
        {
            return (null, false, exception);
        }
    }

    /// <summary>Where a grain is to be activated: not here when this silo leaves, whatever a director says.</summary>
    private async ValueTask<SiloAddress> PlaceAsync(Message message)
    {
        var silo = await Placer.PlaceAsync(message.TargetGrain, message).ConfigureAwait(false);
        if (!IsLeaving || !Silo.Equals(silo))
        {
            return silo;
        }

        // The silo was active when the director was asked, as a rule.
        silo = await Placer.PlaceAsync(message.TargetGrain, message).ConfigureAwait(false);
        return !Silo.Equals(silo) ? silo : throw new OrleansException(
            $"Grain {message.TargetGrain} was not placed: its director named silo {Silo}, which leaves. It must name an active one or throw.");
    }

    private void DispatchOrReject(Message message, (GrainAddress? Address, bool IsNew, Exception? Failure) found)
    {
        try
        {
            if (found.Failure is null)
            {
                Dispatch(message, found.Address!, found.IsNew);
            }
            else
            {
                Reject(message, found.Failure);
            }
        }
        catch (Exception exception)
        {
            // Those that wait behind it must not wait forever.
            Reject(message, exception);
        }
    }

    /// <summary>Sends a request to an activation, or to where one is to be made.</summary>
    private void Dispatch(Message message, GrainAddress address, bool isNew)
    {
        // Only hops to another silo count: within one, a grain may come and go as it likes.
        if (message.IsRerouted && !Silo.Equals(address.SiloAddress))
        {
            if (message.ForwardCount >= MessagingOptions.MaxForwardCount)
            {
                Reject(message, new OrleansMessageRejectionException(
                    $"Message {message} was sent on {message.ForwardCount} times and the grain was gone each time. Call again."));
                return;
            }

            message.ForwardCount++;
        }

        message.IsRerouted = false;
        message.TargetSilo = address.SiloAddress;
        message.Flags |= isNew ? MessageFlags.IsNewPlacement : MessageFlags.None;
        if (!isNew && Silo.Equals(address.SiloAddress) && !Catalog.TryGet(message.TargetGrain, out _))
        {
            // Registered here, but gone: the activation did not manage to unregister.
            DeliverToNew(message, address);
        }
        else
        {
            Transmit(message);
        }
    }

    // The client does not know where its request went; it went to where the grain is.
    private void CancelForClient(Message cancel)
    {
        if (Catalog.TryGet(cancel.TargetGrain, out _) || Catalog.TryGetWorkers(cancel.TargetGrain, out _))
        {
            cancel.TargetSilo = Silo;
            Receive(cancel);
        }
        else if (Locator.TryLookupCached(cancel.TargetGrain, out var address) && !Silo.Equals(address.SiloAddress))
        {
            // The way of the request, so that the wish to cancel is not overtaken by what the client sends next.
            cancel.TargetSilo = address.SiloAddress;
            Transmit(cancel);
        }
        else
        {
            _ = SendCancelAsync(cancel);
        }
    }

    private async Task SendCancelAsync(Message cancel)
    {
        try
        {
            var address = await Locator.LookupAsync(cancel.TargetGrain, CancellationToken.None).ConfigureAwait(false);
            if (address?.SiloAddress is { } silo && !silo.Equals(Silo))
            {
                cancel.ForwardCount++;
                cancel.TargetSilo = silo;
                Transmit(cancel);
            }
        }
        catch (Exception exception)
        {
            Reject(cancel, exception);
        }
    }
}
