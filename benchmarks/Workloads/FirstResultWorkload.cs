using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W8: from the start of a process to the first result of a tiny job, as the parent sees it. Each measurement is a process of its own.</summary>
internal sealed class FirstResultWorkload : Workload
{
    /// <summary>Makes this program the child.</summary>
    public const string ChildArgument = "--first-result-child";

    private const string EngineSide = "engine";
    private const string PlainSide = "plain";

    // The engine's side, which says how many methods the runtime has compiled and which assemblies it has loaded by then as well.
    private const string CompiledSide = "compiled";
    private const int Count = 1000;

    public override string Name => "W8";

    public override string Description => "process start to first result of a tiny local job, beside a process that adds the same numbers in a loop";

    public override async Task<WorkloadResult> RunAsync(WorkloadRun run, CancellationToken cancellationToken)
    {
        var sides = await run.MeasureAsync(
            engine: null,
            cancellationToken,
            () => StartAsync(EngineSide, run.TimeProvider, cancellationToken),
            () => StartAsync(PlainSide, run.TimeProvider, cancellationToken));
        return sides[0].Beside(sides[1], Name, Count);
    }

    /// <summary>The child: writes one line, the result, and ends. As <see cref="CompiledSide"/>, it writes two more.</summary>
    public static async Task<int> RunChildAsync(string side)
    {
        if (side == PlainSide)
        {
            Console.WriteLine(Enumerable.Range(0, Count).Sum(number => (long)number).ToString(CultureInfo.InvariantCulture));
            return 0;
        }

        await using var dpark = await EngineHost.StartLocalAsync(memoryBytes: null, CancellationToken.None);
        var sum = await dpark.Parallelize(Enumerable.Range(0, Count)).Map(number => (long)number).ReduceAsync((a, b) => a + b);
        Console.WriteLine(sum.ToString(CultureInfo.InvariantCulture));
        if (side == CompiledSide)
        {
            Console.WriteLine(JitInfo.GetCompiledMethodCount().ToString(CultureInfo.InvariantCulture));
            Console.WriteLine(string.Join(' ', AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetName().Name)));
        }

        return 0;
    }

    private static async Task<Sample> StartAsync(string side, TimeProvider time, CancellationToken cancellationToken)
    {
        var start = ChildProgram.StartInfo(redirectInput: false, ChildArgument, side);
        var startedAt = time.GetTimestamp();
        using var child = Process.Start(start)!;
        var result = await child.StandardOutput.ReadLineAsync(cancellationToken);
        var seconds = time.GetElapsedTime(startedAt).TotalSeconds;
        await child.WaitForExitAsync(cancellationToken);
        return child.ExitCode == 0 && result is not null
            ? new Sample(seconds, result)
            : throw new InvalidOperationException($"The child for {side} ended with exit code {child.ExitCode} and the result '{result}'. Its errors are above.");
    }
}
