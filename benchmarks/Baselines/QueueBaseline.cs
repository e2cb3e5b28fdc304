using System.Collections.Concurrent;

namespace Dpark.Baselines;

/// <summary>What handing work to threads costs without an engine: the ceiling of every task rate.</summary>
public static class QueueBaseline
{
    /// <summary>Gives empty actions to threads through one queue and waits until all have run.</summary>
    /// <returns>How many ran.</returns>
    public static long RunEmptyTasks(int taskCount, int threadCount)
    {
        using var queue = new BlockingCollection<Func<long>>();
        var done = 0L;
        for (var i = 0; i < taskCount; i++)
        {
            queue.Add(static () => 1L);
        }

        queue.CompleteAdding();
        Threads.Run(threadCount, _ =>
        {
            foreach (var task in queue.GetConsumingEnumerable())
            {
                Interlocked.Add(ref done, task());
            }
        });
        return done;
    }

    /// <summary>Gives one action at a time to a thread that is there already, and waits for its answer.</summary>
    /// <returns>Time of each, in order.</returns>
    public static TimeSpan[] RunOneTaskJobs(int jobCount, TimeProvider timeProvider)
    {
        using var queue = new BlockingCollection<Action>();
        var worker = new Thread(() =>
        {
            foreach (var job in queue.GetConsumingEnumerable())
            {
                job();
            }
        });
        worker.Start();

        var times = new TimeSpan[jobCount];
        using var answered = new SemaphoreSlim(0);
        for (var i = 0; i < jobCount; i++)
        {
            var started = timeProvider.GetTimestamp();
            queue.Add(() => answered.Release());
            answered.Wait();
            times[i] = timeProvider.GetElapsedTime(started);
        }

        queue.CompleteAdding();
        worker.Join();
        return times;
    }
}
