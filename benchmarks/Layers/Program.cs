using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Dpark.Layers;

// Measures each layer of the engine beside the one below it. In this process: the projects of this repository are not laid out as a generated one expects.
var isDry = args.Contains("--dry");
var job = (isDry ? Job.Dry : Job.Default.WithWarmupCount(3).WithIterationCount(9)).WithToolchain(InProcessNoEmitToolchain.Instance);
var config = DefaultConfig.Instance
    .AddJob(job)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "dpark-layers"))
    .WithOptions(ConfigOptions.DisableLogFile);
string[] filtered = [.. args.Where(argument => argument != "--dry")];
var summaries = BenchmarkSwitcher
    .FromTypes([typeof(RecordLayers), typeof(TableLayers), typeof(SortLayers)])
    .Run(filtered.Length == 0 ? ["--filter", "*"] : filtered, config)
    .ToArray();
var ran = summaries.Sum(summary => summary.Reports.Count(report => report.Success));
var failed = summaries.Sum(summary => summary.Reports.Count(report => !report.Success) + summary.ValidationErrors.Count(error => error.IsCritical));
Console.WriteLine($"{ran} benchmarks ran, {failed} failed.");
return ran > 0 && failed == 0 ? 0 : 1;
