using Dpark.Conformance.Serialization;
using Dpark.Conformance.Signals;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Activations;

/// <summary>
/// A grain that cannot be activated until the journal under its key has the entry <c>allowed</c>.
/// Each attempt adds <c>attempt</c>.
/// </summary>
[Alias("conformance.IFragileGrain")]
public interface IFragileGrain : IGrainWithStringKey
{
    [Alias("Ping")]
    Task<string> PingAsync();
}

[GrainType("conformance.fragile"), RandomPlacement]
public sealed class FragileGrain : Grain, IFragileGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var journal = GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString());
        await journal.AppendAsync("attempt");
        if (!(await journal.ReadAsync()).Contains("allowed"))
        {
            throw new OrderFailedException($"{this.GetPrimaryKeyString()} is not allowed", 7);
        }
    }

    public Task<string> PingAsync() => Task.FromResult("alive");
}

/// <summary>Calls a fragile grain many times at once, from the silo that it would be on.</summary>
[Alias("conformance.IFragileCallerGrain")]
public interface IFragileCallerGrain : IGrainWithStringKey
{
    /// <summary>What each call gave: <c>TYPE NUMBER MESSAGE</c> of its exception, or its answer.</summary>
    [Alias("Call")]
    Task<List<string>> CallAsync(string fragile, int count);
}

[GrainType("conformance.fragile-caller"), RandomPlacement]
public sealed class FragileCallerGrain : Grain, IFragileCallerGrain
{
    public async Task<List<string>> CallAsync(string fragile, int count) =>
        [.. await Task.WhenAll(Enumerable.Range(0, count).Select(_ => CallAsync(GrainFactory.GetGrain<IFragileGrain>(fragile))))];

    private static async Task<string> CallAsync(IFragileGrain grain)
    {
        try
        {
            return await grain.PingAsync();
        }
        catch (OrderFailedException exception)
        {
            return $"{exception.GetType().Name} {exception.Number} {exception.Message}";
        }
    }
}

[Alias("conformance.IBrokenGrain")]
public interface IBrokenGrain : IGrainWithStringKey
{
    [Alias("Ping")]
    Task PingAsync();
}

/// <summary>A grain whose constructor throws.</summary>
[GrainType("conformance.broken"), RandomPlacement]
public sealed class BrokenGrain : Grain, IBrokenGrain
{
    public BrokenGrain() => throw new OrderFailedException("cannot be built", 8);

    public Task PingAsync() => Task.CompletedTask;
}

/// <summary>A grain that is no <see cref="Grain"/>, and records the stages of its life in the journal under its key.</summary>
[Alias("conformance.IStagedGrain")]
public interface IStagedGrain : IGrainWithStringKey
{
    [Alias("Deactivate")]
    Task DeactivateAsync();
}

[GrainType("conformance.staged"), RandomPlacement]
public sealed class StagedGrain : IGrainBase, IStagedGrain
{
    private readonly IGrainFactory _grains;

    public StagedGrain(IGrainContext context, IGrainFactory grains)
    {
        GrainContext = context;
        _grains = grains;
        foreach (var stage in new[] { GrainLifecycleStage.Activate + 1, GrainLifecycleStage.SetupState, GrainLifecycleStage.First })
        {
            context.ObservableLifecycle.Subscribe("StagedGrain", stage, _ => AppendAsync($"start {stage}"), _ => AppendAsync($"stop {stage}"));
        }
    }

    public IGrainContext GrainContext { get; }

    public Task OnActivateAsync(CancellationToken token) => AppendAsync("activate");

    public Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) =>
        AppendAsync($"deactivate {reason.ReasonCode} {reason.Description}");

    public Task DeactivateAsync()
    {
        GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, "as the test wants"));
        return Task.CompletedTask;
    }

    private Task AppendAsync(string entry) => _grains.GetGrain<IJournalGrain>(GrainContext.GrainId.Key.ToString()!).AppendAsync(entry);
}
