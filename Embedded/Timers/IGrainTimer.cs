namespace Orleans.Runtime;

/// <summary>A timer of an activation. Disposing it ends it and cancels the token of a running tick.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets the times anew.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A time is neither infinite nor from 0 to 4,294,967,294 ms.</exception>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>How a timer behaves.</summary>
public readonly struct GrainTimerCreationOptions
{
    /// <summary>All by the properties.</summary>
    public GrainTimerCreationOptions()
    {
    }

    /// <summary>A timer whose ticks are like other requests.</summary>
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period)
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>From now to the first tick. Infinite: none before <see cref="IGrainTimer.Change"/>.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>From the end of a tick to the next. Infinite: one tick.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Whether ticks may start while requests await. Default: no.</summary>
    public bool Interleave { get; init; }

    /// <summary>Whether ticks postpone idle collection. Default: no.</summary>
    public bool KeepAlive { get; init; }
}
