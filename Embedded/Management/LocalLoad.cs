namespace Orleans.Runtime.Management;

/// <summary>How loaded this process is. Measured when asked, at most once in <see cref="Period"/>. Thread-safe.</summary>
internal sealed class LocalLoad(TimeProvider clock)
{
    /// <summary>How old a measurement may be.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _measuredAt = clock.GetTimestamp();
    private TimeSpan _processorTime = Environment.CpuUsage.TotalTime;
    private double _processors;

    // Not before somebody asks: to read it takes milliseconds of the start of a silo.
    private GCMemoryInfo? _memory;
    private long _workingSet;

    /// <summary>The load without activations, which <paramref name="activationCount"/> tells.</summary>
    public SiloLoad Measure(int activationCount)
    {
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            var elapsed = clock.GetElapsedTime(_measuredAt, now);
            if (elapsed >= Period)
            {
                var used = Environment.CpuUsage.TotalTime;
                _processors = Math.Clamp((used - _processorTime) / elapsed / Environment.ProcessorCount, 0, 1);
                (_measuredAt, _processorTime) = (now, used);
                _memory = null;
            }

            if (_memory is not { } memory)
            {
                _memory = memory = GC.GetGCMemoryInfo();
                _workingSet = Environment.WorkingSet;
            }

            return new SiloLoad(
                activationCount, _processors, _workingSet, Math.Max(0, memory.TotalAvailableMemoryBytes - Math.Max(memory.MemoryLoadBytes, _workingSet)), memory.TotalAvailableMemoryBytes);
        }
    }
}
