using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Scheduling;

[Alias("conformance.ITurnGrain")]
public interface ITurnGrain : IGrainWithStringKey
{
    /// <summary>Does <paramref name="steps"/> turns, each of which adds one to a plain field. Returns how often two turns met.</summary>
    [Alias("Add")]
    Task<int> AddAsync(int steps);

    [Alias("Total")]
    Task<int> TotalAsync();

    /// <summary>Whether a continuation is on the scheduler of the grain: after <c>await</c>, inside <c>Task.Run</c>, after it.</summary>
    [Alias("Schedulers")]
    Task<bool[]> SchedulersAsync();
}

/// <summary>Lets all calls in, so that only turns keep its fields whole.</summary>
[GrainType("conformance.turn"), Reentrant, RandomPlacement]
public sealed class TurnGrain : Grain, ITurnGrain
{
    private int _total;
    private int _running;
    private int _meetings;

    public async Task<int> AddAsync(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            if (Interlocked.Increment(ref _running) != 1)
            {
                Interlocked.Increment(ref _meetings);
            }

            var before = _total;
            Thread.SpinWait(50);
            _total = before + 1;
            Interlocked.Decrement(ref _running);
            await Task.Yield();
        }

        return _meetings;
    }

    public Task<int> TotalAsync() => Task.FromResult(_total);

    public async Task<bool[]> SchedulersAsync()
    {
        var own = TaskScheduler.Current;
        await Task.Yield();
        var afterYield = TaskScheduler.Current == own;
        var inRun = await Task.Run(() => TaskScheduler.Current == own);
        var afterRun = TaskScheduler.Current == own;
        var byFactory = await Task.Factory.StartNew(() => TaskScheduler.Current == own, CancellationToken.None, TaskCreationOptions.None, own);
        return [own != TaskScheduler.Default, afterYield, inRun, afterRun, byFactory];
    }
}
