namespace Orleans.Services;

/// <summary>Finds the grain services of silos.</summary>
/// <typeparam name="TGrainService">The interface of the service.</typeparam>
public interface IGrainServiceClient<TGrainService>
    where TGrainService : IGrainService;
