namespace Dpark.Rdds.Sources;

/// <summary>Cuts files into partitions by the rule of <see cref="TextFileOptions"/>.</summary>
internal static class TextPartitioning
{
    private const int PartitionsPerSlot = 2;

    // Opening a file costs about as much as reading this many bytes.
    private const long OpeningBytes = 32 << 10;

    /// <summary>Lists the partitions, in the order of the files. None if all files are empty.</summary>
    /// <param name="context">Says how many tasks run at once, and how large partitions should be.</param>
    /// <param name="members">Pieces of compressed files, by path, that were looked through.</param>
    /// <param name="recordBytes">Files are cut at multiples of it, and never decompressed, if it is not 1.</param>
    public static TextPartition[] Cut(IReadOnlyList<InputFile> files, TextFileOptions options, IRddContext context, int recordBytes = 1, IReadOnlyDictionary<string, List<TextPiece>>? members = null)
    {
        var limit = LimitOf(files, options, context);
        var partitions = new List<TextPartition>();
        var open = new List<TextPiece>();
        var openBytes = 0L;
        foreach (var piece in files.SelectMany(file => Cut(file, limit, options.PartitionBytes is not null, recordBytes, members)))
        {
            var bytes = piece.End - piece.Begin;

            // Opening counts only for what would share a partition; else a limit below it would leave every partition over the limit.
            if (open.Count > 0 && (!options.PackSmallFiles || openBytes + OpeningBytes + bytes > limit))
            {
                partitions.Add(new TextPartition(partitions.Count, [.. open]));
                open.Clear();
                openBytes = 0;
            }

            openBytes += bytes + (open.Count > 0 ? OpeningBytes : 0);
            open.Add(piece);
        }

        if (open.Count > 0)
        {
            partitions.Add(new TextPartition(partitions.Count, [.. open]));
        }

        return [.. partitions];
    }

    /// <summary>Whether a file is read through a decompressor.</summary>
    public static bool IsCompressed(string path) => path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    /// <summary>The most bytes of a partition.</summary>
    public static long LimitOf(IReadOnlyList<InputFile> files, TextFileOptions options, IRddContext context)
    {
        var total = files.Sum(file => file.Length);
        var sizes = context.Partitioning;
        var limit = options.PartitionBytes
            ?? Math.Clamp(CeilingOf(total, (long)context.DefaultParallelism * PartitionsPerSlot), sizes.LeastBytes, sizes.PartitionBytes);
        return options.MinPartitions > 0 ? Math.Clamp(total / options.MinPartitions, 1, limit) : limit;
    }

    // Rounded down, the remainder would be a partition of its own, and a round of tasks.
    private static long CeilingOf(long total, long count) => total == 0 ? 0 : 1 + ((total - 1) / count);

    private static IEnumerable<TextPiece> Cut(InputFile file, long limit, bool isExact, int recordBytes, IReadOnlyDictionary<string, List<TextPiece>>? known)
    {
        if (file.Length == 0)
        {
            yield break;
        }

        if (recordBytes == 1 && IsCompressed(file.Path))
        {
            var members = file.Length > limit ? known?.GetValueOrDefault(file.Path) ?? BlockedGzip.TryCut(file, limit) : null;
            foreach (var member in members ?? [new TextPiece(file.Path, 0, file.Length, IsCompressed: true) { IsWhole = true }])
            {
                yield return member;
            }

            yield break;
        }

        // Equal pieces, unless the caller said where to cut.
        var count = 1 + ((file.Length - 1) / limit);
        for (long piece = 0, begin = 0; piece < count; piece++)
        {
            var end = isExact ? Math.Min(begin + limit, file.Length) : (long)((Int128)file.Length * (piece + 1) / count);
            end = piece == count - 1 ? file.Length : end / recordBytes * recordBytes;
            if (end > begin)
            {
                yield return new TextPiece(file.Path, begin, end, IsCompressed: false);
                begin = end;
            }
        }
    }
}
