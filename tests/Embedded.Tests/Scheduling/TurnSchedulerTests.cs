using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Dpark.Embedded.Tests.Scheduling;

public sealed class TurnSchedulerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TurnScheduler _turns = new(context: null, new TurnSettings(Options.Create(new SchedulingOptions()), NullLogger<TurnScheduler>.Instance));

    [Fact]
    public async Task Turns_FromManyThreads_RunOneAtATime()
    {
        const int Count = 2_000;
        var inside = 0;
        var overlaps = 0;
        var left = Count;
        var done = new TaskCompletionSource();

        Parallel.For(0, Count, _ => _turns.QueueAction(() =>
        {
            overlaps += Interlocked.Increment(ref inside) > 1 ? 1 : 0;
            Interlocked.Decrement(ref inside);
            if (--left == 0)
            {
                done.SetResult();
            }
        }));
        await done.Task.WaitAsync(Limit);

        Assert.Equal(0, overlaps);
    }

    [Fact]
    public async Task Await_InATurn_ComesBackToTheScheduler()
    {
        var schedulers = new List<TaskScheduler>();

        await RunAsync(async () =>
        {
            schedulers.Add(TaskScheduler.Current);
            await Task.Delay(1);
            schedulers.Add(TaskScheduler.Current);
            await Task.Yield();
            schedulers.Add(TaskScheduler.Current);
        });

        Assert.Equal([_turns, _turns, _turns], schedulers);
    }

    [Fact]
    public async Task AsyncLocal_SetByATurn_IsGoneInTheNext()
    {
        var local = new AsyncLocal<int>();
        var seen = new TaskCompletionSource<int>();

        _turns.QueueAction(() => local.Value = 5);
        _turns.QueueAction(() => seen.SetResult(local.Value));

        Assert.Equal(0, await seen.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task AsyncLocal_OfWhoQueues_IsNotSeen()
    {
        var local = new AsyncLocal<int> { Value = 5 };
        var seen = new TaskCompletionSource<int>();

        _turns.QueueAction(() => seen.SetResult(local.Value));

        Assert.Equal(0, await seen.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task FailedTurn_OfAQueue_LeavesTheNextAlone()
    {
        var next = new TaskCompletionSource();

        _turns.QueueAction(() => throw new InvalidOperationException("on purpose"));
        _turns.QueueAction(next.SetResult);

        await next.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task TaskOfTheScheduler_WaitedForInItsTurn_RunsInline()
    {
        var ran = false;

        await RunAsync(() =>
        {
            var inner = new Task(() => ran = true);
            inner.RunSynchronously(TaskScheduler.Current);
            Assert.True(ran);
            return Task.CompletedTask;
        });
    }

    private Task RunAsync(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap().WaitAsync(Limit);
}
