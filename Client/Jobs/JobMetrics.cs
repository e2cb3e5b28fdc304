namespace Dpark.Jobs;

/// <summary>Sums over the tasks of one job, or of all jobs of a context. Of several attempts of one partition, only the first that succeeded counts.</summary>
/// <param name="TaskCount">Tasks that succeeded.</param>
/// <param name="InputBytes">Bytes read from sources, before decompression.</param>
/// <param name="InputRecords">Records read from sources.</param>
/// <param name="ShuffleBytesWritten">Bytes written to map outputs, as stored.</param>
/// <param name="ShuffleRecordsWritten">Records written to map outputs.</param>
/// <param name="ShuffleBytesRead">Bytes read from map outputs, as stored, local and remote.</param>
/// <param name="ShuffleRemoteBytesRead">Of these, those that came from other workers.</param>
/// <param name="SpilledBytes">Bytes written to spill files.</param>
/// <param name="OutputBytes">Bytes written by sinks.</param>
/// <param name="OutputRecords">Records written by sinks.</param>
/// <param name="ResultBytes">Bytes of results that went to the driver.</param>
/// <param name="RunTime">Time of all tasks on their threads, added up.</param>
/// <param name="WaitTime">Time of all tasks in the queues of workers, added up.</param>
public sealed record JobMetrics(
    long TaskCount,
    long InputBytes,
    long InputRecords,
    long ShuffleBytesWritten,
    long ShuffleRecordsWritten,
    long ShuffleBytesRead,
    long ShuffleRemoteBytesRead,
    long SpilledBytes,
    long OutputBytes,
    long OutputRecords,
    long ResultBytes,
    TimeSpan RunTime,
    TimeSpan WaitTime)
{
    /// <summary>Bytes of cached partitions that tasks read from other workers.</summary>
    public long CacheRemoteBytesRead { get; init; }
}
