namespace Orleans.Runtime;

/// <summary>Makes states of activations.</summary>
public interface IPersistentStateFactory
{
    /// <summary>Makes a state, which is read when the activation reaches <see cref="GrainLifecycleStage.SetupState"/>.</summary>
    IPersistentState<TState> Create<TState>(IGrainContext context, IPersistentStateConfiguration config);
}
