using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Dpark.TestKit;

namespace Dpark.Tasks;

/// <summary>That the thread of the runtime that optimizes code gives way, by what the system says of this process.</summary>
public sealed class CompilerPriorityTests
{
    // Of those behind the name.
    private const int NiceField = 16;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly Type[] Primitives = [typeof(int), typeof(long), typeof(byte), typeof(short), typeof(double), typeof(float), typeof(char), typeof(bool)];

    private int _newCodeCount;

    [LinuxFact]
    public async Task Look_AttemptsRunAndCodeIsNew_CompilerGivesWayOnce()
    {
        var time = new ManualTimeProvider();
        await using var rig = new ExecutorRig(new() { SlotCount = 1, CompilerNice = 9 }, time).With("p", (_, _) => ExecutorRig.Empty);
        var least = NiceOf(Environment.ProcessId) + 9;
        var clock = Stopwatch.StartNew();

        for (var partition = 0; NiceOfCompiler() is not { } nice || nice < least; partition++)
        {
            Assert.True(clock.Elapsed < Limit, $"After {partition} attempts the compiler's thread is at {NiceOfCompiler()?.ToString(CultureInfo.InvariantCulture) ?? "nothing"}, not at {least}.");
            RunNewCode();
            time.Advance(TimeSpan.FromMilliseconds(250));
            rig.Start("p", partition);
            await rig.NextAsync();
        }

        // A second worker of the process, one that asks for less, and one that asks again.
        foreach (var (asked, expected) in new[] { (9, least), (3, least), (11, least + 2), (11, least + 2) })
        {
            Assert.Equal(expected, NiceAfter(asked));
        }
    }

    private int? NiceAfter(int asked)
    {
        var priority = new CompilerPriority(asked, TimeProvider.System);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            Assert.True(clock.Elapsed < Limit, "The compiler's thread is not found.");
            RunNewCode();
            var thread = priority.LowerPriority();
            if (thread != 0 && NiceOf(thread) is { } nice)
            {
                return nice;
            }
        }
    }

    // Without anything new, the runtime ends the thread after some seconds.
    private void RunNewCode() =>
        GetType().GetMethod(nameof(SizeOf), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(TypeOf(_newCodeCount++)).Invoke(null, null);

    private static Type TypeOf(int number) =>
        number < Primitives.Length ? Primitives[number] : typeof(ValueTuple<,>).MakeGenericType(TypeOf(number / Primitives.Length), Primitives[number % Primitives.Length]);

    private static int SizeOf<T>()
        where T : struct => System.Runtime.CompilerServices.Unsafe.SizeOf<T>();

    private static int? NiceOfCompiler() =>
        Directory.EnumerateDirectories("/proc/self/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
            .Where(thread => Read(thread, "comm") == ".NET Tiered Com\n").Select(NiceOf).FirstOrDefault();

    private static int? NiceOf(int thread) =>
        Read(thread, "stat") is { } text ? int.Parse(text[(text.LastIndexOf(')') + 2)..].Split(' ')[NiceField], CultureInfo.InvariantCulture) : null;

    private static string? Read(int thread, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/self/task/{thread}/{file}");
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }

    /// <summary>A test of what only Linux has.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class LinuxFactAttribute : FactAttribute
    {
        public LinuxFactAttribute()
        {
            if (!OperatingSystem.IsLinux())
            {
                Skip = "Threads have priorities of their own on Linux alone.";
            }
        }
    }
}
