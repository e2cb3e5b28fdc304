namespace Orleans.Runtime;

/// <summary>Chooses silos for new activations. Placement implements it; a silo's messaging uses it.</summary>
internal interface IPlacementService
{
    /// <summary>The silo where the target of a message shall be activated.</summary>
    /// <exception cref="OrleansException">No active silo hosts the class of the grain. Directors' own exceptions pass as they are.</exception>
    ValueTask<SiloAddress> PlaceAsync(GrainId grain, Message message);
}
