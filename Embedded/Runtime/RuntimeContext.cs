namespace Orleans.Runtime;

/// <summary>The activation whose turn runs on this thread.</summary>
internal static class RuntimeContext
{
    [ThreadStatic]
    private static IGrainContext? t_current;

    public static IGrainContext? Current => t_current;

    /// <summary>Sets the activation and returns the one before.</summary>
    public static IGrainContext? Exchange(IGrainContext? context)
    {
        var before = t_current;
        t_current = context;
        return before;
    }
}

/// <summary><see cref="RuntimeContext"/> as a service.</summary>
internal sealed class GrainContextAccessor : IGrainContextAccessor
{
    public IGrainContext? GrainContext => RuntimeContext.Current;
}
