using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Placement;

/// <summary>A grain that says where it is.</summary>
[Alias("conformance.IPlacedGrain")]
public interface IPlacedGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<SiloAddress?> WhereAsync();

    /// <summary>
    /// Where this grain is, and where the grains are that it then calls for the first time: one of each class in <paramref name="classes"/>.
    /// </summary>
    [Alias("WhereNested")]
    Task<List<SiloAddress?>> WhereNestedAsync(List<string> classes);
}

public abstract class PlacedGrainBase : Grain, IPlacedGrain
{
    public Task<SiloAddress?> WhereAsync() => Task.FromResult(GrainContext.Address.SiloAddress);

    public async Task<List<SiloAddress?>> WhereNestedAsync(List<string> classes)
    {
        List<SiloAddress?> silos = [GrainContext.Address.SiloAddress];
        foreach (var name in classes)
        {
            silos.Add(await GrainFactory.GetGrain<IPlacedGrain>($"{this.GetPrimaryKeyString()}-{silos.Count}", name).WhereAsync());
        }

        return silos;
    }
}

[GrainType("conformance.placed-random"), RandomPlacement]
public sealed class RandomlyPlacedGrain : PlacedGrainBase;

[GrainType("conformance.placed-local"), PreferLocalPlacement]
public sealed class LocallyPlacedGrain : PlacedGrainBase;

[GrainType("conformance.placed-hashed"), HashBasedPlacement]
public sealed class HashPlacedGrain : PlacedGrainBase;

[GrainType("conformance.placed-counted"), ActivationCountBasedPlacement]
public sealed class CountPlacedGrain : PlacedGrainBase;

[GrainType("conformance.placed-worker"), StatelessWorker(1)]
public sealed class WorkerPlacedGrain : PlacedGrainBase;

/// <summary>A grain that only the test of listing activates.</summary>
[GrainType("conformance.placed-listed"), RandomPlacement]
public sealed class ListedGrain : PlacedGrainBase;

/// <summary>A grain on the silo that its key names.</summary>
[GrainType("conformance.placed-by-key"), KeyedPlacement]
public sealed class KeyPlacedGrain : PlacedGrainBase;


[GrainType("conformance.placed-by-resources"), ResourceOptimizedPlacement]
public sealed class ResourcePlacedGrain : PlacedGrainBase;

/// <summary>A grain of the strategy that classes have which name none.</summary>
[GrainType("conformance.placed-by-default")]
public sealed class DefaultPlacedGrain : PlacedGrainBase;

/// <summary>A grain on a silo whose role is its key.</summary>
[GrainType("conformance.placed-by-role"), SiloRoleBasedPlacement]
public sealed class RolePlacedGrain : PlacedGrainBase;

/// <summary>A grain on the silo of the given rank in the order of addresses; its attribute has a parameter.</summary>
[GrainType("conformance.placed-by-rank"), RankedPlacement(1)]
public sealed class SecondRankGrain : PlacedGrainBase;

/// <summary>As <see cref="SecondRankGrain"/>, with another parameter.</summary>
[GrainType("conformance.placed-by-last-rank"), RankedPlacement(2)]
public sealed class ThirdRankGrain : PlacedGrainBase;

/// <summary>Calls a grain that its director refuses to place.</summary>
[Alias("conformance.IPlacingGrain")]
public interface IPlacingGrain : IGrainWithStringKey
{
    /// <summary>Type name and message of the exception.</summary>
    [Alias("CallKeyed")]
    Task<string> CallKeyedAsync(string key);
}

[GrainType("conformance.placing"), RandomPlacement]
public sealed class PlacingGrain : Grain, IPlacingGrain
{
    public async Task<string> CallKeyedAsync(string key)
    {
        try
        {
            await GrainFactory.GetGrain<IPlacedGrain>(key, typeof(KeyPlacedGrain).FullName).WhereAsync();
            return "";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }
}
