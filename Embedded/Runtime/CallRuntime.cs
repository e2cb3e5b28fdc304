namespace Orleans.Runtime;

/// <summary>What references call through: the runtime of one silo or client.</summary>
internal abstract class CallRuntime
{
    /// <summary>A reference of another interface.</summary>
    public abstract object GetReference(GrainId grain, Type interfaceType);
}
