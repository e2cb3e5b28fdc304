namespace Orleans.Core.Internal;

/// <summary>An activation that chains of calls may re-enter.</summary>
public interface ICallChainReentrantGrainContext
{
    /// <summary>A section was opened.</summary>
    void OnEnterReentrantSection(Guid reentrancyId);

    /// <summary>A section was closed.</summary>
    void OnExitReentrantSection(Guid reentrancyId);
}
