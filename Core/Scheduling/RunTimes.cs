namespace Dpark.Scheduling;

/// <summary>Run times of the tasks of one run of a stage, and their median. Adding one costs the logarithm of their number.</summary>
internal sealed class RunTimes
{
    // The lower half with its greatest first, the upper half with its least first; the lower one may have one more.
    private readonly PriorityQueue<TimeSpan, long> _lower = new();
    private readonly PriorityQueue<TimeSpan, long> _upper = new();

    /// <summary>The middle one, of two the smaller; <see langword="null"/> if there is none.</summary>
    public TimeSpan? Median => _lower.TryPeek(out var median, out _) ? median : null;

    public void Add(TimeSpan time)
    {
        var other = _upper.EnqueueDequeue(time, time.Ticks);
        _lower.Enqueue(other, -other.Ticks);
        if (_lower.Count > _upper.Count + 1)
        {
            var greatest = _lower.Dequeue();
            _upper.Enqueue(greatest, greatest.Ticks);
        }
    }
}
