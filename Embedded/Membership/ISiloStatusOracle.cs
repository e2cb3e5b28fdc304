namespace Orleans.Runtime;

/// <summary>What this silo knows about the status of silos. Thread-safe; no call waits.</summary>
public interface ISiloStatusOracle
{
    /// <summary>Status of this silo.</summary>
    SiloStatus CurrentStatus { get; }

    /// <summary>Name of this silo.</summary>
    string SiloName { get; }

    /// <summary>This silo.</summary>
    SiloAddress SiloAddress { get; }

    /// <summary>Status of a silo; <see cref="SiloStatus.None"/> if it is unknown.</summary>
    SiloStatus GetApproximateSiloStatus(SiloAddress siloAddress);

    /// <summary>Status of all silos.</summary>
    Dictionary<SiloAddress, SiloStatus> GetApproximateSiloStatuses(bool onlyActive = false);

    /// <summary>Active silos, in no order.</summary>
    SiloAddress[] GetActiveSilos();

    /// <summary>Finds a silo's name.</summary>
    bool TryGetSiloName(SiloAddress siloAddress, out string siloName);

    /// <summary>Whether the silo may hold directory entries.</summary>
    bool IsFunctionalDirectory(SiloAddress siloAddress);

    /// <summary>Whether the silo is dead.</summary>
    bool IsDeadSilo(SiloAddress silo);

    /// <summary>Adds a listener. False if it was there.</summary>
    bool SubscribeToSiloStatusEvents(ISiloStatusListener observer);

    /// <summary>Removes a listener. False if it was not there.</summary>
    bool UnSubscribeFromSiloStatusEvents(ISiloStatusListener observer);
}
