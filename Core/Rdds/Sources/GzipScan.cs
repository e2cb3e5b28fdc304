using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>A range of a gzip file in which a task looks for members.</summary>
internal sealed class GzipScanPartition(int index, string path, long begin, long end) : Partition(index)
{
    public string Path => path;

    /// <summary>The range's first byte.</summary>
    public long Begin => begin;

    /// <summary>Behind the range.</summary>
    public long End => end;
}

/// <summary>
/// Where members of gzip files begin. A task takes the first thing in its range that looks like a member, and that can be decompressed as such up to the right checksum and length, and
/// follows the members from there to the end of the range.
/// </summary>
/// <remarks>
/// That may be no member of the file but content of one, such as a gzip file that is stored in it. So nothing of a range is believed until the members that are followed from the start
/// of the file arrive just where the range has begun; see <see cref="PiecesOf"/>.
/// </remarks>
internal sealed class GzipScanRdd(IRddContext context, GzipScanPartition[] partitions, CallSite callSite)
    : Rdd<(long First, long Next, long ContentBytes, long LastStored, long LastContent)>(context, callSite)
{
    private const int ChunkBytes = 256 << 10;
    private const int MostScansPerSlot = 16;
    private const long EnoughBytes = 1 << 20;

    [NonSerialized]
    private readonly GzipScanPartition[] _partitions = partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions;

    public override IReadOnlyList<Dependency> Dependencies => [];

    private static ReadOnlySpan<byte> Magic => [0x1F, 0x8B, 8];

    /// <summary>
    /// Bytes of a range: those of a partition, but no less than 1 MiB where smaller ranges would be more than 16 tasks per slot. A task that looks for members costs more than what it
    /// finds in a few kilobytes is worth.
    /// </summary>
    /// <param name="totalBytes">Of all files that are looked through.</param>
    /// <param name="limit">Bytes of a partition; at least 1.</param>
    public static long RangeBytes(long totalBytes, long limit, int slotCount) =>
        Math.Max(limit, Math.Min(EnoughBytes, 1 + (Math.Max(totalBytes - 1, 0) / ((long)MostScansPerSlot * slotCount))));

    /// <summary>Puts the ranges of one file together.</summary>
    /// <param name="ranges">All ranges of the file, in order, the first one from byte 0 on.</param>
    /// <returns>A piece for each range with content, with positions of the content; <see langword="null"/> if a range did not begin where the one before it ended.</returns>
    public static List<TextPiece>? PiecesOf(
        InputFile file, IReadOnlyList<(long Begin, long End)> ranges, ReadOnlySpan<(long First, long Next, long ContentBytes, long LastStored, long LastContent)> found)
    {
        var pieces = new List<TextPiece>();
        var (position, content) = (0L, 0L);
        var (before, beforeContent) = (0L, 0L);
        for (var i = 0; i < ranges.Count; i++)
        {
            if (position >= ranges[i].End)
            {
                // A member of an earlier range reaches beyond this one: whatever was found here is content of it.
                continue;
            }

            var range = found[i];
            if (range.First != position || range.Next < 0)
            {
                return null;
            }

            if (range.ContentBytes > 0)
            {
                pieces.Add(new TextPiece(file.Path, content, content + range.ContentBytes, IsCompressed: true) { StoredBegin = before, ContentBegin = beforeContent });
                (before, beforeContent) = (range.LastStored, content + range.LastContent);
            }

            (position, content) = (range.Next, content + range.ContentBytes);
        }

        return pieces;
    }

    protected override BatchReader<(long First, long Next, long ContentBytes, long LastStored, long LastContent)> Compute(Partition partition, TaskContext context)
    {
        context.RunningOperator = CallSite;
        var range = (GzipScanPartition)partition;
        return new Operators.ArrayReader<(long First, long Next, long ContentBytes, long LastStored, long LastContent)>(new[] { Scan(range, context) });
    }

    private static (long First, long Next, long ContentBytes, long LastStored, long LastContent) Scan(GzipScanPartition range, TaskContext context)
    {
        if (range.Begin == 0)
        {
            return TryFollow(range, 0, context) ?? (0, -1, 0, 0, 0);
        }

        using var file = TextBytes.OpenAt(range.Path, range.Begin);
        var buffer = new byte[ChunkBytes];
        var (offset, held) = (range.Begin, 0);
        while (offset < range.End)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            var count = held + file.Read(buffer.AsSpan(held));
            for (var at = 0; ; at++)
            {
                var next = buffer.AsSpan(at, count - at).IndexOf(Magic);
                if (next < 0 || offset + at + next >= range.End)
                {
                    break;
                }

                at += next;
                if (TryFollow(range, offset + at, context) is { } found)
                {
                    return found;
                }
            }

            if (count < buffer.Length)
            {
                break;
            }

            // The mark may lie across two chunks.
            held = Magic.Length - 1;
            buffer.AsSpan(count - held).CopyTo(buffer);
            offset += count - held;
        }

        return (-1, -1, 0, 0, 0);
    }

    /// <returns><see langword="null"/> if there is something else than members up to the end of the range.</returns>
    private static (long First, long Next, long ContentBytes, long LastStored, long LastContent)? TryFollow(GzipScanPartition range, long first, TaskContext context)
    {
        using var members = new GzipMembers(range.Path, first);
        var (content, lastStored, lastContent) = (0L, first, 0L);
        try
        {
            while (members.Position < range.End)
            {
                var begin = members.Position;
                if (members.TrySkipMember(context.CancellationToken) is not { } bytes)
                {
                    break;
                }

                (lastStored, lastContent) = bytes > 0 ? (begin, content) : (lastStored, lastContent);
                content += bytes;
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        return (first, members.Position, content, lastStored, lastContent);
    }
}
