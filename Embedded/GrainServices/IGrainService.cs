namespace Orleans.Services;

/// <summary>Base of the interfaces of services that every silo has.</summary>
public interface IGrainService : ISystemTarget;
