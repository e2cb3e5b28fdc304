using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Placement;

/// <summary>A grain that only some silos host.</summary>
[Alias("conformance.IPartialGrain")]
public interface IPartialGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<SiloAddress> WhereAsync();
}

[GrainType("conformance.partial"), RandomPlacement]
public sealed class PartialGrain(ILocalSiloDetails silo) : Grain, IPartialGrain
{
    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);
}

/// <summary>A generic grain that only some silos host.</summary>
public interface IPartialBoxGrain<T> : IGrainWithStringKey
{
    Task<SiloAddress> WhereAsync();
}

[RandomPlacement]
public sealed class PartialBoxGrain<T>(ILocalSiloDetails silo) : Grain, IPartialBoxGrain<T>
{
    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);
}

/// <summary>A grain that no silo hosts.</summary>
[Alias("conformance.INowhereGrain")]
public interface INowhereGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<SiloAddress> WhereAsync();
}

[GrainType("conformance.nowhere"), RandomPlacement]
public sealed class NowhereGrain(ILocalSiloDetails silo) : Grain, INowhereGrain
{
    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);
}

/// <summary>Calls the others from a silo.</summary>
[Alias("conformance.IPartialCallerGrain")]
public interface IPartialCallerGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<(SiloAddress Caller, SiloAddress Callee, SiloAddress Box)> WhereAsync(string key);

    /// <summary>The type of what the reference of a grain that nobody hosts fails with.</summary>
    [Alias("Nowhere")]
    Task<string> NowhereAsync();
}

[GrainType("conformance.partial-caller"), RandomPlacement]
public sealed class PartialCallerGrain(ILocalSiloDetails silo) : Grain, IPartialCallerGrain
{
    public async Task<(SiloAddress Caller, SiloAddress Callee, SiloAddress Box)> WhereAsync(string key) =>
        (silo.SiloAddress, await GrainFactory.GetGrain<IPartialGrain>(key).WhereAsync(), await GrainFactory.GetGrain<IPartialBoxGrain<int>>(key).WhereAsync());

    public Task<string> NowhereAsync()
    {
        try
        {
            GrainFactory.GetGrain<INowhereGrain>("x");
            return Task.FromResult("nothing");
        }
        catch (ArgumentException exception)
        {
            return Task.FromResult(exception.Message);
        }
    }
}
