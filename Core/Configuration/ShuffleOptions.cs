namespace Dpark.Configuration;

/// <summary>How frames of shuffle files are stored. The numbers travel; they never change.</summary>
public enum ShuffleCompression
{
    /// <summary>As they are. Best where readers are on the same machine or the disk is faster than the processor.</summary>
    None = 0,

    /// <summary>LZ4, except for frames that it does not make smaller.</summary>
    Lz4 = 1,
}

/// <summary>How shuffles write, keep and fetch their files. Bound from <c>Dpark:Shuffle</c>.</summary>
public sealed class ShuffleOptions
{
    /// <summary>How frames are stored. Default: <see cref="ShuffleCompression.None"/>.</summary>
    /// <remarks>Readers take either, so workers may differ. A cluster whose workers are on several machines sets <see cref="ShuffleCompression.Lz4"/>.</remarks>
    public ShuffleCompression Compression { get; set; } = ShuffleCompression.None;

    /// <summary>Bytes that one task holds for one shuffle, written or read, before it spills to disk. From 64 KiB to 1 TiB. Default: 1 GiB.</summary>
    /// <remarks>Per task: a worker may hold this much for each of its slots, within its memory budget, which makes tasks spill sooner where it is short. One huge record may exceed it.</remarks>
    public long SpillThresholdBytes { get; set; } = 1L << 30;

    /// <summary>Bytes of records per frame, before compression: what is checked, compressed and read at once. From 1 KiB to 64 MiB. Default: 128 KiB.</summary>
    public int FrameBytes { get; set; } = 128 << 10;

    /// <summary>Spill files that are merged at once; more are merged in several rounds. From 2 to 1024. Default: 64.</summary>
    /// <remarks>Each takes a file handle and a frame of memory.</remarks>
    public int MaxMergeWidth { get; set; } = 64;

    /// <summary>Bytes of small map outputs that a worker keeps in memory instead of files. 0: all are files. At most 1 GiB. Default: 64 MiB.</summary>
    /// <remarks>An output is small up to 2 MiB. When the memory is used up, or tasks need it (<c>Dpark:Memory</c>), the oldest ones are written to the work directories.</remarks>
    public long MaxMemoryBytes { get; set; } = 64 << 20;

    /// <summary>Workers from which one task reads at once. From 1 to 256. Default: 8.</summary>
    public int MaxParallelFetches { get; set; } = 8;
}
