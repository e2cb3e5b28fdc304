using Dpark.Tasks;

namespace Dpark.Jobs;

/// <summary>Adds up the metrics of tasks. Thread-safe.</summary>
internal sealed class MetricsSum
{
    private readonly Lock _gate = new();
    private readonly TaskMetrics _sum = new();
    private long _taskCount;
    private long _resultBytes;

    public long ShuffleBytesWritten
    {
        get
        {
            lock (_gate)
            {
                return _sum.ShuffleBytesWritten;
            }
        }
    }

    public void Add(TaskReport report)
    {
        var metrics = report.Metrics;
        lock (_gate)
        {
            _taskCount++;
            _resultBytes += ResultBytesOf(report);
            _sum.InputBytes += metrics.InputBytes;
            _sum.InputRecords += metrics.InputRecords;
            _sum.ShuffleBytesWritten += metrics.ShuffleBytesWritten;
            _sum.ShuffleRecordsWritten += metrics.ShuffleRecordsWritten;
            _sum.ShuffleBytesRead += metrics.ShuffleBytesRead;
            _sum.ShuffleRemoteBytesRead += metrics.ShuffleRemoteBytesRead;
            _sum.SpilledBytes += metrics.SpilledBytes;
            _sum.OutputBytes += metrics.OutputBytes;
            _sum.OutputRecords += metrics.OutputRecords;
            _sum.CacheRemoteBytesRead += metrics.CacheRemoteBytesRead;
            _sum.RunTime += metrics.RunTime;
            _sum.WaitTime += metrics.WaitTime;
        }
    }

    public JobMetrics Snapshot()
    {
        lock (_gate)
        {
            return new(
                _taskCount,
                _sum.InputBytes,
                _sum.InputRecords,
                _sum.ShuffleBytesWritten,
                _sum.ShuffleRecordsWritten,
                _sum.ShuffleBytesRead,
                _sum.ShuffleRemoteBytesRead,
                _sum.SpilledBytes,
                _sum.OutputBytes,
                _sum.OutputRecords,
                _resultBytes,
                _sum.RunTime,
                _sum.WaitTime)
            {
                CacheRemoteBytesRead = _sum.CacheRemoteBytesRead,
            };
        }
    }

    public static long ResultBytesOf(TaskReport report) => report.Result?.LongLength ?? report.ResultBlock?.Length ?? 0;
}
