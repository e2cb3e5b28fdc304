using Dpark.Baselines;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W2: records of a file sorted by their keys into files.</summary>
internal sealed class SortWorkload : EngineWorkload
{
    public override string Name => "W2";

    public override string Description => "sort of 100-byte records by 10-byte keys into files, beside radix sort on two threads";

    public override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var recordCount = factor * run.Pick(20_000, 2_000_000, 10_000_000, 20_000_000);
        var path = run.PathOf($"records-{factor}");
        SortBaseline.WriteRecords(path, recordCount);
        var output = run.PathOf($"sorted-{factor}");
        return Task.FromResult(new WorkloadSides(
            run.Timed(
                () => dpark.BinaryRecords(path, SortBaseline.RecordBytes)
                    .SortBy(record => record[..SortBaseline.KeyBytes], partitionCount: run.Pick(2, 4, 16, 32))
                    .SaveAsBinaryFileAsync(output, cancellationToken: cancellationToken),
                paths => Check(paths, output)),
            run.TimedPlain(() => SortBaseline.Sort(path, output, 2), paths => Check(paths, output)),
            () => recordCount,
            (long)recordCount * SortBaseline.RecordBytes,
            path));
    }

    // The order counts. The files go, because the next round writes them again.
    private static string Check(string[] paths, string directory)
    {
        var (count, chain) = (0L, 0UL);
        var buffer = new byte[SortBaseline.RecordBytes];
        foreach (var path in paths)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
            while (file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length)
            {
                chain = KeyedRows.Mix((chain * 3) + StableHash.OfBytes(buffer));
                count++;
            }
        }

        Directory.Delete(directory, recursive: true);
        return $"{count} records {chain:x16}";
    }
}
