using Dpark.Baselines;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W9: a shuffle between two processes and nothing else. Always runs on processes.</summary>
internal sealed class ShuffleWorkload : EngineWorkload
{
    private const int PayloadBytes = 1000;

    public override string Name => "W9";

    public override string Description => "PartitionBy between two processes, beside the same bytes written, read and sent over TCP";

    public override Task<EngineHost> StartEngineAsync(WorkloadRun run, CancellationToken cancellationToken) =>
        EngineHost.StartAsync(new EnginePlace(WorkloadMode.Processes, MemoryBytes: null), cancellationToken);

    public override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var bytes = factor * run.Pick(10_000_000L, 1_000_000_000, 4_000_000_000, 16_000_000_000);
        var rowCount = bytes / PayloadBytes;
        return Task.FromResult(new WorkloadSides(
            run.Timed(async () =>
            {
                var payload = new byte[PayloadBytes];
                var arrived = await dpark.Range(0, rowCount)
                    .Map(row => (row, payload))
                    .PartitionBy(new HashPartitioner(dpark.DefaultParallelism))
                    .AggregateAsync(0L, (sum, pair) => sum + pair.Value.Length, (a, b) => a + b, cancellationToken);
                return $"{arrived} bytes";
            }),
            run.TimedPlain(() => $"{CopyBaseline.Shuffle(run.Directory, bytes)} bytes"),
            () => rowCount,
            bytes));
    }
}
