using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.GrainServices;

/// <summary>Calls the service for a test, which is no silo.</summary>
[Alias("conformance.IServiceCallerGrain")]
public interface IServiceCallerGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<string> WhereAsync(SiloAddress silo);

    [Alias("WhereFor")]
    Task<string> WhereAsync(uint key);

    /// <summary>Where the service for this grain is, and where that for its hash is.</summary>
    [Alias("WhereForCaller")]
    Task<(string ByCaller, string ByHash)> WhereForCallerAsync();

    [Alias("Id")]
    Task<string> IdAsync(SiloAddress silo);

    /// <summary>Three calls at once, each through the gate.</summary>
    [Alias("EnterThrice")]
    Task EnterThriceAsync(SiloAddress silo, string gate);

    [Alias("Fail")]
    Task FailAsync(SiloAddress silo, string message);

    [Alias("Life")]
    Task<string> LifeAsync(SiloAddress silo);

    [Alias("Owns")]
    Task<bool> OwnsAsync(SiloAddress silo, uint key);

    [Alias("Growth")]
    Task GrowthAsync(SiloAddress silo);

    /// <summary>Whether a list comes back from the service as another one.</summary>
    [Alias("IsCopied")]
    Task<bool> IsCopiedAsync(SiloAddress silo);
}

[GrainType("conformance.service-caller"), RandomPlacement]
public sealed class ServiceCallerGrain(IEchoServiceClient services) : Grain, IServiceCallerGrain
{
    public Task<string> WhereAsync(SiloAddress silo) => services.On(silo).WhereAsync();

    public Task<string> WhereAsync(uint key) => services.For(key).WhereAsync();

    public async Task<(string ByCaller, string ByHash)> WhereForCallerAsync() =>
        (await services.ForCaller().WhereAsync(), await services.For(this.GetGrainId().GetUniformHashCode()).WhereAsync());

    public Task<string> IdAsync(SiloAddress silo) => services.On(silo).IdAsync();

    public Task EnterThriceAsync(SiloAddress silo, string gate) =>
        Task.WhenAll(services.On(silo).EnterAsync(gate), services.On(silo).EnterAsync(gate), services.On(silo).EnterAsync(gate));

    public Task FailAsync(SiloAddress silo, string message) => services.On(silo).FailAsync(message);

    public Task<string> LifeAsync(SiloAddress silo) => services.On(silo).LifeAsync();

    public Task<bool> OwnsAsync(SiloAddress silo, uint key) => services.On(silo).OwnsAsync(key);

    public Task GrowthAsync(SiloAddress silo) => services.On(silo).GrowthAsync();

    public async Task<bool> IsCopiedAsync(SiloAddress silo)
    {
        List<int> list = [1, 2];
        var back = await services.On(silo).EchoAsync(list);
        return !ReferenceEquals(list, back) && back.SequenceEqual(list);
    }
}
