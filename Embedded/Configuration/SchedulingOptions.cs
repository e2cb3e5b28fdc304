namespace Orleans.Configuration;

/// <summary>How activations share the threads of a silo.</summary>
public class SchedulingOptions
{
    /// <summary>How long an activation may run turns before others get a chance. Default: 100 ms.</summary>
    public TimeSpan ActivationSchedulingQuantum { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>From when on a turn is reported as long. Default: 1 s.</summary>
    public TimeSpan TurnWarningLengthThreshold { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>From when on a turn that waits for a thread is reported. Default: 10 s.</summary>
    public TimeSpan DelayWarningThreshold { get; set; } = TimeSpan.FromSeconds(10);
}
