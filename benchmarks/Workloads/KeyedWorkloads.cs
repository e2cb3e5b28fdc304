using Dpark.Baselines;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>Numbers of rows and keys.</summary>
internal abstract class KeyedWorkload : EngineWorkload
{
    /// <summary>More rows, with more keys: as many of each key as before.</summary>
    protected static (int RowCount, int KeyCount) Times(int factor, (int RowCount, int KeyCount) counts) => (counts.RowCount * factor, counts.KeyCount * factor);
}

/// <summary>W3reduce: sums by key, of numbers that are made in the tasks.</summary>
internal sealed class ReduceByKeyWorkload : KeyedWorkload
{
    public override string Name => "W3reduce";

    public override string Description => "ReduceByKey of (long, long), beside a typed hash table per thread and a merge";

    public override double? MaxAllocatedBytesPerRecord => 1;

    public override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var (rowCount, keyCount) = Times(factor, run.Pick((2_000_000, 100_000), (20_000_000, 1_000_000), (100_000_000, 5_000_000), (400_000_000, 20_000_000)));
        return Task.FromResult(new WorkloadSides(
            run.Timed(async () => await dpark.Range(0, rowCount)
                .Map(row => (KeyedRows.KeyOf(row, keyCount), KeyedRows.ValueOf(row)))
                .ReduceByKey((a, b) => a + b)
                .AggregateAsync(default(Checksum), (sum, pair) => sum.With(KeyedRows.Check(pair.Key, pair.Value)), (a, b) => a.With(b), cancellationToken)),
            run.TimedPlain(() => AggregationBaseline.ReduceByKey(rowCount, keyCount, 2)),
            () => rowCount,
            rowCount * 16L));
    }
}

/// <summary>W3group: the values of each key together.</summary>
internal sealed class GroupByKeyWorkload : KeyedWorkload
{
    public override string Name => "W3group";

    public override string Description => "GroupByKey of (long, long), beside rows spread over two threads and placed by key";

    public override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var (rowCount, keyCount) = Times(factor, run.Pick((50_000, 10_000), (5_000_000, 1_000_000), (25_000_000, 5_000_000), (100_000_000, 20_000_000)));
        return Task.FromResult(new WorkloadSides(
            run.Timed(async () => await dpark.Range(0, rowCount)
                .Map(row => (KeyedRows.KeyOf(row, keyCount), KeyedRows.ValueOf(row)))
                .GroupByKey()
                .AggregateAsync(
                    default(Checksum), (sum, group) => sum.With(AggregationBaseline.CheckOf(group.Key, group.Values)), (a, b) => a.With(b), cancellationToken)),
            run.TimedPlain(() => AggregationBaseline.GroupByKey(rowCount, keyCount, 2)),
            () => rowCount,
            rowCount * 16L));
    }
}

/// <summary>W4: a small table of unique keys joined with a large one.</summary>
internal sealed class JoinWorkload : KeyedWorkload
{
    public override string Name => "W4";

    public override string Description => "Join of two tables of (long, long), beside a hash join on two threads";

    // An array per key would be 24 and more.
    public override double? MaxAllocatedBytesPerRecord => 1;

    public override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var (rowCount, keyCount) = Times(factor, run.Pick((4_000_000, 100_000), (5_000_000, 1_000_000), (25_000_000, 5_000_000), (100_000_000, 20_000_000)));
        return Task.FromResult(new WorkloadSides(
            run.Timed(async () => await dpark.Range(0, keyCount)
                .Map(key => (key, JoinBaseline.LeftOf(key)))
                .Join(dpark.Range(0, rowCount).Map(row => (KeyedRows.KeyOf(row, keyCount), KeyedRows.ValueOf(row))))
                .AggregateAsync(
                    default(Checksum),
                    (sum, pair) => sum.With(JoinBaseline.CheckOf(pair.Key, pair.Value.Left, pair.Value.Right)),
                    (a, b) => a.With(b),
                    cancellationToken)),
            run.TimedPlain(() => JoinBaseline.Join(keyCount, rowCount, 2)),
            () => rowCount + keyCount,
            (rowCount + keyCount) * 16L));
    }
}
