namespace Orleans.Runtime;

/// <summary>Where requests find an activation: the catalog, or the workers of one grain. Thread-safe.</summary>
internal interface IActivationOwner
{
    /// <summary>The activation takes no more requests. Called once, before it refuses them, by the activation.</summary>
    void Remove(Activation activation);
}
