namespace Orleans.Runtime.MembershipService;

/// <summary>How well this process is: how long work waits for a thread. Who is unwell must not take others for dead. Thread-safe.</summary>
internal sealed class LocalHealth(TimeProvider clock)
{
    private const int MaxScore = 8;
    private volatile int _score;

    /// <summary>0 when well, else the seconds that work waits for a thread, at most 8.</summary>
    public int Score => _score;

    /// <summary>Measures anew.</summary>
    public async Task MeasureAsync()
    {
        var start = clock.GetTimestamp();
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _score = (int)Math.Min(MaxScore, clock.GetElapsedTime(start).TotalSeconds);
    }
}
