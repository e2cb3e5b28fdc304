using System.CommandLine;
using System.CommandLine.Parsing;

namespace Dpark.Workloads;

/// <summary>The command line of the program. Apart from the program's entry, which children whose start is measured go through.</summary>
internal static class WorkloadCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var only = new Option<string?>("--only") { HelpName = "W1,W2...", Description = "Workloads whose names begin so. Default: all." };
        var size = new Option<WorkloadSize>("--size") { Description = "How much data. Default: small, the size of the tables in docs/measurements.md. smoke checks results only." };
        var mode = new Option<WorkloadMode>("--mode") { Description = "local: the engine in this process. processes: two silos in processes of their own. Default: local." };
        var clock = new Option<WorkloadClock>("--clock") { Description = "wall: time that passes. processor: time of this process on all processors. Default: wall." };
        var rounds = new Option<int>("--rounds") { HelpName = "N", DefaultValueFactory = _ => 5, Description = "Times that each side runs; the medians count. Default: 5." };
        var memory = new Option<int?>("--memory") { HelpName = "MIB", Description = "Mebibytes that tasks and caches of a worker share (Dpark:Memory:BudgetBytes). Default: as the engine chooses." };
        var touch = new Option<int>("--touch")
        {
            HelpName = "MIB",
            Description = "Mebibytes of memory to use and free before each side runs, outside its time: for virtual machines whose host takes free memory back. Default: 0.",
        };
        var doubling = new Option<bool>("--doubling") { Description = "Run the engine and the plain code on the data and on twice as much instead, alternately, and print how many times as long twice as much takes." };
        var json = new Option<FileInfo?>("--json") { HelpName = "FILE", Description = "Write the results there, too, as an array of objects." };
        var mostTouched = (int)(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 21);
        rounds.Validators.Add(result => Check(result, result.GetValueOrDefault<int>() >= 1, "must be at least 1"));
        memory.Validators.Add(result => Check(result, result.GetValueOrDefault<int?>() is not < 1, "must be at least 1"));
        touch.Validators.Add(result => Check(result, result.GetValueOrDefault<int>() is var mib && mib >= 0 && mib <= mostTouched, $"must be from 0 to {mostTouched}, half of the memory here"));

        var command = new RootCommand("Measures workloads on the engine beside plain C# code.") { only, size, mode, clock, rounds, memory, touch, doubling, json };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            string[] prefixes = arguments.GetValue(only)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [""];
            var chosen = Workload.All.Where(workload => prefixes.Any(prefix => workload.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToArray();
            if (chosen.Length == 0)
            {
                Console.Error.WriteLine($"No workload begins with {string.Join(" or ", prefixes)}. There are {string.Join(", ", Workload.All.Select(workload => workload.Name))}.");
                return 2;
            }

            using var run = new WorkloadRun(
                arguments.GetValue(size),
                new EnginePlace(arguments.GetValue(mode), (long?)arguments.GetValue(memory) << 20),
                arguments.GetValue(clock),
                arguments.GetValue(rounds),
                (long)arguments.GetValue(touch) << 20,
                TimeProvider.System);
            if (arguments.GetValue(doubling))
            {
                return await DoubleAsync(chosen, run, arguments.GetValue(json), cancellationToken);
            }

            return await MeasureAsync(chosen, run, arguments.GetValue(mode), arguments.GetValue(json), cancellationToken);
        });
        return await command.Parse(args).InvokeAsync();
    }

    private static void Check(OptionResult result, bool isRight, string rule)
    {
        if (!isRight)
        {
            result.AddError($"{result.Option.Name} {rule}.");
        }
    }

    private static async Task<int> MeasureAsync(Workload[] chosen, WorkloadRun run, WorkloadMode mode, FileInfo? json, CancellationToken cancellationToken)
    {
        var results = new List<WorkloadResult>();
        var exitCode = 0;
        foreach (var workload in chosen)
        {
            Console.Error.WriteLine($"{workload.Name}: {workload.Description}");
            results.Add(await workload.RunAsync(run, cancellationToken));
            if (mode == WorkloadMode.Local && results[^1].LeastAllocatedBytesPerRecord is var allocated && allocated > workload.MaxAllocatedBytesPerRecord)
            {
                Console.Error.WriteLine(FormattableString.Invariant(
                    $"{workload.Name} allocated {allocated:F2} bytes per record; at most {workload.MaxAllocatedBytesPerRecord} are allowed."));
                exitCode = 1;
            }
        }

        ResultTable.Write(Console.Out, results);
        if (json is not null)
        {
            await ResultTable.WriteJsonAsync(json.FullName, results, cancellationToken);
        }

        return exitCode;
    }

    private static async Task<int> DoubleAsync(Workload[] chosen, WorkloadRun run, FileInfo? json, CancellationToken cancellationToken)
    {
        var results = new List<DoublingResult>();
        foreach (var workload in chosen)
        {
            if (await workload.DoubleAsync(run, cancellationToken) is { } result)
            {
                Console.Error.WriteLine($"{workload.Name}: {workload.Description}");
                results.Add(result);
            }
            else
            {
                Console.Error.WriteLine($"{workload.Name} is left out: it has no data that could be doubled.");
            }
        }

        ResultTable.Write(Console.Out, results);
        if (json is not null)
        {
            await ResultTable.WriteJsonAsync(json.FullName, results, cancellationToken);
        }

        return 0;
    }
}
