namespace Dpark.Workloads;

/// <summary>Watches the working sets of this process and of the engine's together, from a thread of its own.</summary>
internal sealed class PeakMemory : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly ManualResetEventSlim _isStopped = new();
    private readonly Thread _watcher;
    private readonly IReadOnlyList<SiloProcess> _silos;
    private long _peak;

    public PeakMemory(IReadOnlyList<SiloProcess> silos)
    {
        _silos = silos;
        _peak = Current;
        _watcher = new Thread(Watch) { IsBackground = true, Name = "peak memory" };
        _watcher.Start();
    }

    private long Current => Environment.WorkingSet + _silos.Sum(silo => silo.WorkingSet);

    /// <summary>Ends the watch.</summary>
    /// <returns>The largest working set that was seen, in bytes.</returns>
    public long Stop()
    {
        _isStopped.Set();
        _watcher.Join();
        return Math.Max(_peak, Current);
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
            _peak = Math.Max(_peak, Current);
        }
    }
}
