namespace Dpark.Workloads;

/// <summary>Watches the working set of this process from a thread of its own.</summary>
internal sealed class PeakMemory : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly ManualResetEventSlim _isStopped = new();
    private readonly Thread _watcher;
    private long _peak = Environment.WorkingSet;

    public PeakMemory()
    {
        _watcher = new Thread(Watch) { IsBackground = true, Name = "peak memory" };
        _watcher.Start();
    }

    /// <summary>Ends the watch.</summary>
    /// <returns>The largest working set that was seen, in bytes.</returns>
    public long Stop()
    {
        _isStopped.Set();
        _watcher.Join();
        return Math.Max(_peak, Environment.WorkingSet);
    }

    public void Dispose()
    {
        Stop();
        _isStopped.Dispose();
    }

    private void Watch()
    {
        while (!_isStopped.Wait(Interval))
        {
            _peak = Math.Max(_peak, Environment.WorkingSet);
        }
    }
}
