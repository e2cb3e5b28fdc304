namespace Dpark.Tasks;

/// <summary>Counters of one attempt. Written by the attempt's thread.</summary>
[GenerateSerializer, Alias("dpark.TaskMetrics")]
public sealed class TaskMetrics
{
    /// <summary>Bytes read from sources, before decompression.</summary>
    [Id(0)] public long InputBytes { get; set; }

    /// <summary>Records read from sources.</summary>
    [Id(1)] public long InputRecords { get; set; }

    /// <summary>Bytes written to map outputs, as stored.</summary>
    [Id(2)] public long ShuffleBytesWritten { get; set; }

    /// <summary>Records written to map outputs.</summary>
    [Id(3)] public long ShuffleRecordsWritten { get; set; }

    /// <summary>Bytes read from map outputs, as stored, local and remote.</summary>
    [Id(4)] public long ShuffleBytesRead { get; set; }

    /// <summary>Of <see cref="ShuffleBytesRead"/>, those that came from other workers.</summary>
    [Id(5)] public long ShuffleRemoteBytesRead { get; set; }

    /// <summary>Bytes written to spill files.</summary>
    [Id(6)] public long SpilledBytes { get; set; }

    /// <summary>Time on the executor's thread.</summary>
    [Id(7)] public TimeSpan RunTime { get; set; }

    /// <summary>Time in the executor's queue.</summary>
    [Id(8)] public TimeSpan WaitTime { get; set; }

    /// <summary>Bytes written by sinks.</summary>
    [Id(9)] public long OutputBytes { get; set; }

    /// <summary>Records written by sinks.</summary>
    [Id(10)] public long OutputRecords { get; set; }

    /// <summary>Bytes of cached partitions read from other workers.</summary>
    [Id(12)] public long CacheRemoteBytesRead { get; set; }
}
