using Orleans.Concurrency;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Identity;

[Alias("conformance.IMainGrain")]
public interface IMainGrain : IGrainWithStringKey
{
    [Alias("Identity")]
    Task<GrainIdentity> IdentityAsync();

    /// <summary>Returns the reference that it was given, and the one that this grain makes of itself.</summary>
    [Alias("Exchange")]
    Task<ReferencePair> ExchangeAsync(ReferencePair pair);
}

/// <summary>What a grain says about itself.</summary>
[GenerateSerializer, Alias("conformance.GrainIdentity")]
public sealed record GrainIdentity(
    [property: Id(0)] GrainId Id,
    [property: Id(1)] string IdentityString,
    [property: Id(2)] string RuntimeIdentity,
    [property: Id(3)] SiloAddress Silo);

[GenerateSerializer, Alias("conformance.ReferencePair")]
public sealed record ReferencePair(
    [property: Id(0)] IMainGrain? Given, [property: Id(1)] IMainGrain? Self, [property: Id(2)] List<IMainGrain> Others);

[GrainType("main"), RandomPlacement]
public sealed class MainGrain(ILocalSiloDetails silo) : Grain, IMainGrain
{
    public Task<GrainIdentity> IdentityAsync() =>
        Task.FromResult(new GrainIdentity(GrainContext.GrainId, IdentityString, RuntimeIdentity, silo.SiloAddress));

    public Task<ReferencePair> ExchangeAsync(ReferencePair pair) =>
        Task.FromResult(pair with { Self = this.AsReference<IMainGrain>() });
}

// The names of the next three classes are what the default grain type is made of.
[Alias("conformance.ITwoB")]
public interface ITwoB : IGrainWithIntegerKey;

[RandomPlacement]
public sealed class TwoB : Grain, ITwoB;

[Alias("conformance.IGGrain")]
public interface IGGrain : IGrainWithGuidCompoundKey;

[RandomPlacement]
public sealed class GGrain : Grain, IGGrain;

[Alias("conformance.ILGrain")]
public interface ILGrain : IGrainWithIntegerCompoundKey
{
    [Alias("Key")]
    Task<CompoundKey> KeyAsync();
}

[GenerateSerializer, Alias("conformance.CompoundKey")]
public sealed record CompoundKey([property: Id(0)] long Number, [property: Id(1)] string? Extension);

[RandomPlacement]
public sealed class LGrain : Grain, ILGrain
{
    public Task<CompoundKey> KeyAsync()
    {
        var number = this.GetPrimaryKeyLong(out var extension);
        return Task.FromResult(new CompoundKey(number, extension));
    }
}

[Alias("conformance.IGuidGrain")]
public interface IGuidGrain : IGrainWithGuidKey
{
    [Alias("Key")]
    Task<Guid> KeyAsync();
}

[GrainType("conformance.guid"), RandomPlacement]
public sealed class GuidGrain : Grain, IGuidGrain
{
    public Task<Guid> KeyAsync() => Task.FromResult(this.GetPrimaryKey());
}

/// <summary>Two classes, neither of which has the interface's name.</summary>
[Alias("conformance.IAmbiguousGrain")]
public interface IAmbiguousGrain : IGrainWithStringKey;

[GrainType("conformance.first-ambiguous"), RandomPlacement]
public sealed class FirstAmbiguousGrain : Grain, IAmbiguousGrain;

[GrainType("conformance.second-ambiguous"), RandomPlacement]
public sealed class SecondAmbiguousGrain : Grain, IAmbiguousGrain;

/// <summary>Two classes, one of which has the interface's name.</summary>
[Alias("conformance.INamedGrain")]
public interface INamedGrain : IGrainWithStringKey;

[GrainType("conformance.named"), RandomPlacement]
public sealed class NamedGrain : Grain, INamedGrain;

[GrainType("conformance.also-named"), RandomPlacement]
public sealed class AlsoNamedGrain : Grain, INamedGrain;

/// <summary>Two classes, one of which the interface names.</summary>
[Alias("conformance.IDefaultedGrain"), DefaultGrainType("conformance.chosen")]
public interface IDefaultedGrain : IGrainWithStringKey;

[GrainType("conformance.chosen"), RandomPlacement]
public sealed class ChosenGrain : Grain, IDefaultedGrain;

[GrainType("conformance.defaulted"), RandomPlacement]
public sealed class DefaultedGrain : Grain, IDefaultedGrain;

[Alias("conformance.IOrphanGrain")]
public interface IOrphanGrain : IGrainWithStringKey;

/// <summary>An interface whose name on the wire is given, so that the text of a reference is known.</summary>
[GrainInterfaceType("conformance.wire-name")]
public interface IWireNamedGrain : IGrainWithStringKey;

[GrainType("conformance.wire-named"), RandomPlacement, Reentrant]
public sealed class WireNamedGrain : Grain, IWireNamedGrain;
