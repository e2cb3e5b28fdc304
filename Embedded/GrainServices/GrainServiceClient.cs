using Microsoft.Extensions.DependencyInjection;
using Orleans.Services;

namespace Orleans.Runtime.Services;

/// <summary>Base of classes that find the grain services of silos. Works in silos only. Thread-safe.</summary>
/// <typeparam name="TGrainService">The interface of the service.</typeparam>
public abstract class GrainServiceClient<TGrainService> : IGrainServiceClient<TGrainService>
    where TGrainService : IGrainService
{
    private readonly IInternalGrainFactory _grains;
    private readonly SiloRing _ring;
    private readonly GrainType _type;

    /// <summary>A client in a silo.</summary>
    /// <param name="serviceProvider">The services of the silo.</param>
    protected GrainServiceClient(IServiceProvider serviceProvider)
    {
        _grains = serviceProvider.GetRequiredService<IInternalGrainFactory>();
        _ring = serviceProvider.GetService<SiloRing>()
            ?? throw new InvalidOperationException($"{GetType()} calls grain services, which only silos can. Register it in the services of a silo.");
        _type = GrainServiceId.TypeOf(typeof(TGrainService));
    }

    /// <summary>The grain or service that calls.</summary>
    protected GrainReference CurrentGrainReference => (RuntimeContext.Current
        ?? throw new InvalidOperationException("There is no activation here. Ask for the current reference within a grain.")).GrainReference;

    /// <summary>The service of a silo. A call fails with <see cref="SiloUnavailableException"/> when the silo is gone.</summary>
    protected TGrainService GetGrainService(SiloAddress destination) => _grains.GetSystemTarget<TGrainService>(_type, destination);

    /// <summary>The service that is responsible for the hash of a grain.</summary>
    protected TGrainService GetGrainService(GrainId callingGrainId) => GetGrainService(callingGrainId.GetUniformHashCode());

    /// <summary>The service that is responsible for a hash.</summary>
    protected TGrainService GetGrainService(uint key) => GetGrainService(_ring.GetOwner(key));
}
