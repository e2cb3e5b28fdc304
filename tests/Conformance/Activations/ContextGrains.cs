using Dpark.Conformance.Signals;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Activations;

/// <summary>A grain that tells what its context says.</summary>
[Alias("conformance.IContextualGrain")]
public interface IContextualGrain : IGrainWithStringKey
{
    /// <summary>What of the context is not as it should be; empty if all is.</summary>
    [Alias("FindFaults")]
    Task<List<string>> FindFaultsAsync();

    /// <summary>Queues work on the scheduler of the grain, and returns what the work saw.</summary>
    [Alias("QueueWork")]
    Task<List<string>> QueueWorkAsync();

    /// <summary>Deactivates, and writes <c>ended</c> to the journal when the context says that the activation has ended.</summary>
    [Alias("DeactivateAndAwait")]
    Task DeactivateAndAwaitAsync();

    /// <summary>Asks to be moved.</summary>
    [Alias("Migrate")]
    Task<Guid> MigrateAsync();

    [Alias("Activation")]
    Task<Guid> ActivationAsync();

    /// <summary>Starts a timer of the older kind that ticks at once and then every 20 ms; a tick writes <c>tick</c> once, during a call, too.</summary>
    [Alias("TickOld")]
    Task TickOldAsync();
}

[GrainType("conformance.contextual"), RandomPlacement]
public sealed class ContextualGrain : Grain, IContextualGrain
{
    private readonly Guid _activation = Guid.NewGuid();
    private readonly IGrainContext _injected;

    public ContextualGrain(IGrainContext context) => _injected = context;

    private IJournalGrain Journal => GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString());

    public Task<List<string>> FindFaultsAsync()
    {
        var context = GrainContext;
        var part = new Part();
        context.SetComponent(part);
        (string Name, bool Holds)[] facts =
        [
            ("injected", ReferenceEquals(context, _injected)),
            ("instance", ReferenceEquals(context.GrainInstance, this)),
            ("target", ReferenceEquals(context.GetTarget(), this)),
            ("id", context.GrainId == this.GetGrainId() && context.Address.GrainId == context.GrainId),
            ("activation id", context.ActivationId == context.Address.ActivationId && !context.ActivationId.IsDefault),
            ("reference", context.GrainReference.Equals(this.AsReference<IContextualGrain>())),
            ("services", ReferenceEquals(context.ActivationServices, ServiceProvider)),
            ("alive", !context.Deactivated.IsCompleted),
            ("component", ReferenceEquals(context.GetComponent<Part>(), part)),
            ("no component", context.GetComponent<Other>() is null),
        ];
        context.SetComponent<Part>(null);
        var faults = facts.Where(fact => !fact.Holds).Select(fact => fact.Name).ToList();
        if (context.GetComponent<Part>() is not null)
        {
            faults.Add("removed component");
        }

        return Task.FromResult(faults);
    }

    public async Task<List<string>> QueueWorkAsync()
    {
        var scheduler = TaskScheduler.Current;
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var withState = new TaskCompletionSource<object?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = new Task<bool>(() => ReferenceEquals(TaskScheduler.Current, scheduler));
        GrainContext.Scheduler.QueueAction(() => done.SetResult(ReferenceEquals(TaskScheduler.Current, scheduler)));
        GrainContext.Scheduler.QueueAction(state => withState.SetResult(state), "state");
        GrainContext.Scheduler.QueueTask(started);
        var before = done.Task.IsCompleted;
        return [$"{before}", $"{await done.Task}", $"{await withState.Task}", $"{await started}"];
    }

    public Task DeactivateAndAwaitAsync()
    {
        var (ended, journal) = (GrainContext.Deactivated, Journal);
        _ = ended.ContinueWith(_ => journal.AppendAsync("ended"), TaskScheduler.Default);
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<Guid> MigrateAsync()
    {
        MigrateOnIdle();
        return ActivationAsync();
    }

    public Task<Guid> ActivationAsync() => Task.FromResult(_activation);

    public async Task TickOldAsync()
    {
        var ticked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
#pragma warning disable CS0618 // The older form is what this is about.
        using var timer = RegisterTimer(
            state =>
            {
                ticked.TrySetResult();
                return Task.CompletedTask;
            },
            "state",
            TimeSpan.Zero,
            TimeSpan.FromMilliseconds(20));
#pragma warning restore CS0618
        await ticked.Task;
        await Journal.AppendAsync("tick");
    }

    private sealed class Part;

    private sealed class Other;
}

/// <summary>A grain whose activation or deactivation goes wrong, as its key says.</summary>
[Alias("conformance.IWorryingGrain")]
public interface IWorryingGrain : IGrainWithStringKey
{
    [Alias("Ping")]
    Task<Guid> PingAsync();

    [Alias("Deactivate")]
    Task DeactivateAsync();
}

/// <summary>Throws when it is deactivated.</summary>
[GrainType("conformance.badly-ending"), RandomPlacement]
public sealed class BadlyEndingGrain : Grain, IWorryingGrain
{
    private readonly Guid _activation = Guid.NewGuid();

    public Task<Guid> PingAsync() => Task.FromResult(_activation);

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync("deactivating");
        throw new InvalidOperationException("The deactivation fails.");
    }
}

/// <summary>Waits in its activation until the token that it was given fires.</summary>
[GrainType("conformance.slowly-starting"), RandomPlacement]
public sealed class SlowlyStartingGrain : Grain, IWorryingGrain
{
    public Task<Guid> PingAsync() => Task.FromResult(Guid.Empty);

    public Task DeactivateAsync() => Task.CompletedTask;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync("activating");
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
