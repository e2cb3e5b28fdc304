using System.Diagnostics;

namespace Dpark.Benchmarks.Calls;

/// <summary>Times calls, and prints a row of a table for each kind.</summary>
internal static class Measure
{
    /// <summary>The head of the table.</summary>
    public static void PrintHead()
    {
        Console.WriteLine("| call | callers | p50 us | p99 us | calls/s | allocated B/call | processor us/call |");
        Console.WriteLine("|------|--------:|-------:|-------:|--------:|-----------------:|------------------:|");
    }

    /// <summary>Calls one time after the other.</summary>
    /// <returns>Nanoseconds per call.</returns>
    public static async Task<long[]> SequenceAsync(int count, Func<int, Task<int>> call)
    {
        var times = new long[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await call(i);
            times[i] = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        return times;
    }

    /// <summary>Prints the row of a sequence of calls.</summary>
    /// <param name="call">Gives the nanoseconds of each.</param>
    public static async Task PrintSequenceAsync(string name, Func<Task<long[]>> call)
    {
        var before = Sample.Take();
        var times = await call();
        var used = Sample.Take() - before;
        Array.Sort(times);
        Print(name, 1, $"{times[times.Length / 2] / 1000.0:F1}", $"{times[times.Length * 99 / 100] / 1000.0:F1}", times.Length, used);
    }

    /// <summary>Prints the row of calls from several callers at once.</summary>
    public static async Task PrintThroughputAsync(string name, int count, int callers, Func<int, Task> call)
    {
        var before = Sample.Take();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < count)
            {
                await call(i);
            }
        })));
        Print(name, callers, "", "", count, Sample.Take() - before);
    }

    private static void Print(string name, int callers, string p50, string p99, int count, Sample used) => Console.WriteLine(
        $"| {name} | {callers} | {p50} | {p99} | {count / used.Wall.TotalSeconds:N0} | {used.Bytes / count:N0} | {used.Processor.TotalMicroseconds / count:F2} |");

    /// <summary>What the process has used so far. Processor time does not grow with other load of the machine, as the clock does.</summary>
    private readonly record struct Sample(TimeSpan Wall, TimeSpan Processor, long Bytes)
    {
        public static Sample Take() => new(Stopwatch.GetElapsedTime(0), Environment.CpuUsage.TotalTime, GC.GetTotalAllocatedBytes());

        public static Sample operator -(Sample after, Sample before) =>
            new(after.Wall - before.Wall, after.Processor - before.Processor, after.Bytes - before.Bytes);
    }
}
