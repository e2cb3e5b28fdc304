namespace Dpark.Rdds.Sources;

/// <summary>How text files are cut into partitions. The defaults suit most jobs.</summary>
/// <remarks>
/// A partition gets about half of what each slot would have to read, at least 1 MiB and at most 64 MiB (<c>Dpark:Partitioning</c>): so small inputs are a few tasks, and large ones
/// enough of them that no slot is idle at the end. Files are cut into equal pieces of at most that many bytes; small files share a partition, where a file
/// counts as 32 KiB more than it has, for opening it. Of compressed files only those are cut whose members say how long they are, as <c>bgzip</c> writes
/// them: between members, so that a piece has about that many compressed bytes. One task reads any other as a whole, unless <see cref="SplitGzipMembers"/> is set.
/// </remarks>
public sealed class TextFileOptions
{
    /// <summary>Least number of partitions, as far as there are as many bytes and the files can be cut. Default: 0, no wish.</summary>
    public int MinPartitions { get; set; }

    /// <summary>Bytes of a partition: files are cut at multiples of it. At least 1. Default: <see langword="null"/>, chosen as described above.</summary>
    public long? PartitionBytes { get; set; }

    /// <summary>
    /// Whether compressed files of several ordinary members, as <c>cat a.gz b.gz</c> makes them, are cut between members, too. A job decompresses them once before, in parallel, to find out
    /// where members begin: that pays where the lines are more work than the decompression, and is lost where a file turns out to be one member. Each task of it looks through as much as a partition has, or
    /// more where that is less than 1 MiB and would make more than 16 tasks per slot; partitions have at least what one task has found. Default: <see langword="false"/>.
    /// </summary>
    public bool SplitGzipMembers { get; set; }

    /// <summary>Whether small files, and the ends of large ones, share partitions. Default: <see langword="true"/>.</summary>
    public bool PackSmallFiles { get; set; } = true;

    /// <summary>
    /// What the names of files in directories, and of those that a glob matches, must end with, such as <c>.log</c>; ordinal. A path that names a file is
    /// always read. Default: empty, all files.
    /// </summary>
    public string Extension { get; set; } = "";
}
