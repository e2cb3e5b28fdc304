using System.Diagnostics;

namespace Dpark.Benchmarks.Calls;

/// <summary>Times calls.</summary>
internal static class Measure
{
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

    /// <summary>Calls from several callers at once and prints the mean, and the processor time of the process, which other load of the machine does not change.</summary>
    public static async Task ThroughputAsync(string name, int count, int callers, Func<int, Task> call)
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var processor = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < count)
            {
                await call(i);
            }
        })));
        var mean = Stopwatch.GetElapsedTime(start).TotalMicroseconds / count;
        processor = Environment.CpuUsage.TotalTime - processor;
        Console.WriteLine(
            $"{name,-44} {callers,3} callers  mean {mean,8:F2} us  {(GC.GetTotalAllocatedBytes() - allocated) / count,6} B  "
            + $"processor {processor.TotalMicroseconds / count:F2} us");
    }

    /// <summary>Prints quantiles.</summary>
    public static void Print(string name, long[] nanoseconds, long bytes)
    {
        Array.Sort(nanoseconds);
        Console.WriteLine(
            $"{name,-44}   1 caller   p50  {nanoseconds[nanoseconds.Length / 2] / 1000.0,8:F2} us  {bytes / nanoseconds.Length,6} B  "
            + $"p99 {nanoseconds[nanoseconds.Length * 99 / 100] / 1000.0:F2} us");
    }
}
