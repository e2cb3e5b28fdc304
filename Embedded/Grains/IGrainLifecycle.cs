namespace Orleans.Runtime;

/// <summary>What takes part in activating and deactivating one activation. Stages ascend going up and descend going down.</summary>
public interface IGrainLifecycle : ILifecycleObservable;

/// <summary>Stages of activating a grain.</summary>
public static class GrainLifecycleStage
{
    /// <summary>Before everything.</summary>
    public const int First = int.MinValue;

    /// <summary>State is read.</summary>
    public const int SetupState = 1_000;

    /// <summary>The grain's own code runs.</summary>
    public const int Activate = SetupState + 1_000;

    /// <summary>After everything.</summary>
    public const int Last = int.MaxValue;
}
