using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.Placement;

/// <summary>Common to the directors of the runtime: a hint of the caller comes first.</summary>
internal abstract class HintedDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        return IPlacementDirector.GetPlacementHint(target.RequestContextData, silos) is { } hint ? Task.FromResult(hint) : ChooseAsync(target, context, silos);
    }

    /// <param name="silos">At least one, in the order of their addresses; may be changed.</param>
    protected abstract Task<SiloAddress> ChooseAsync(PlacementTarget target, IPlacementContext context, SiloAddress[] silos);
}

internal sealed class RandomDirector(SiloPicker picker) : HintedDirector
{
    protected override Task<SiloAddress> ChooseAsync(PlacementTarget target, IPlacementContext context, SiloAddress[] silos) =>
        Task.FromResult(picker.Pick(silos));
}

/// <summary>For <see cref="PreferLocalPlacement"/> and <see cref="StatelessWorkerPlacement"/>.</summary>
internal sealed class LocalDirector(SiloPicker picker) : HintedDirector
{
    protected override Task<SiloAddress> ChooseAsync(PlacementTarget target, IPlacementContext context, SiloAddress[] silos) =>
        Task.FromResult(Array.IndexOf(silos, context.LocalSilo) >= 0 ? context.LocalSilo : picker.Pick(silos));
}

internal sealed class HashDirector : HintedDirector
{
    protected override Task<SiloAddress> ChooseAsync(PlacementTarget target, IPlacementContext context, SiloAddress[] silos) =>
        Task.FromResult(silos[(int)(target.GrainIdentity.GetUniformHashCode() % (uint)silos.Length)]);
}

internal sealed class ActivationCountDirector(SiloPicker picker, SiloLoads loads, IOptions<ActivationCountBasedPlacementOptions> options) : HintedDirector
{
    protected override async Task<SiloAddress> ChooseAsync(PlacementTarget target, IPlacementContext context, SiloAddress[] silos)
    {
        await loads.RefreshAsync(silos);
        var chosen = picker.Pick(silos, Math.Max(1, options.Value.ChooseOutOf)).ToArray().MinBy(loads.GetActivationCount)!;
        loads.CountPlacement(chosen);
        return chosen;
    }
}

/// <summary>Scores the square root of the number of silos, chosen at random, and prefers the local silo when it is about as good.</summary>
internal sealed class ResourceDirector(SiloPicker picker, SiloLoads loads) : HintedDirector
{
    private const double LocalMargin = 0.05;

    protected override async Task<SiloAddress> ChooseAsync(PlacementTarget target, IPlacementContext context, SiloAddress[] silos)
    {
        if (silos.Length == 1)
        {
            return silos[0];
        }

        await loads.RefreshAsync(silos);
        var hasLocal = Array.IndexOf(silos, context.LocalSilo) >= 0;
        var candidates = picker.Pick(silos, (int)Math.Ceiling(Math.Sqrt(silos.Length))).ToArray();
        var best = candidates.MinBy(loads.GetScore)!;
        var chosen = hasLocal && loads.GetScore(context.LocalSilo) <= loads.GetScore(best) + LocalMargin ? context.LocalSilo : best;
        loads.CountPlacement(chosen);
        return chosen;
    }
}
