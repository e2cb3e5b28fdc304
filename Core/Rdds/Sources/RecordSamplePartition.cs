namespace Dpark.Rdds.Sources;

/// <summary>Some places of a partition of records of one length, spread over all of it. The same places for the same files, whoever asks.</summary>
/// <param name="pieces">The whole partition.</param>
/// <param name="placeCount">How many places.</param>
/// <param name="placeRecords">Records of each.</param>
/// <param name="elementWeight">Records of the partition for each that is read.</param>
internal sealed class RecordSamplePartition(int index, TextPiece[] pieces, int placeCount, int placeRecords, double elementWeight) : TextPartition(index, pieces)
{
    // What is read at once anyway.
    private const int PlaceBytes = 4 << 10;

    internal override double ElementWeight => elementWeight;

    /// <summary>Chooses how much of a partition is read.</summary>
    /// <returns>The partition itself, if the places would be half of it or more.</returns>
    public static Partition Of(TextPartition whole, int recordBytes, int placeCount)
    {
        var placeRecords = Math.Max(1, PlaceBytes / recordBytes);
        var total = whole.Pieces.Sum(piece => (piece.End - piece.Begin) / recordBytes);
        var read = (long)placeCount * placeRecords;
        return total <= 2 * read ? whole : new RecordSamplePartition(whole.Index, whole.Pieces, placeCount, placeRecords, (double)total / read);
    }

    /// <summary>The places as pieces, ascending: one somewhere in each of as many equal parts, so that a file in order of its keys is sampled as evenly as any other.</summary>
    public TextPiece[] Choose(int recordBytes)
    {
        var random = new Random(Index);
        var total = Pieces.Sum(piece => (piece.End - piece.Begin) / recordBytes);
        var places = new List<TextPiece>(placeCount);
        var (current, before) = (0, 0L);
        for (var place = 0; place < placeCount; place++)
        {
            var part = StartOf(place + 1, total) - StartOf(place, total);
            var first = StartOf(place, total) + random.NextInt64(part - placeRecords + 1);
            for (var end = first + placeRecords; first < end;)
            {
                var piece = Pieces[current];
                var pieceEnd = before + ((piece.End - piece.Begin) / recordBytes);
                if (first >= pieceEnd)
                {
                    before = pieceEnd;
                    current++;
                    continue;
                }

                var last = Math.Min(end, pieceEnd);
                places.Add(piece with { Begin = piece.Begin + ((first - before) * recordBytes), End = piece.Begin + ((last - before) * recordBytes) });
                first = last;
            }
        }

        return [.. places];
    }

    private long StartOf(int place, long total) => (total / placeCount * place) + (total % placeCount * place / placeCount);
}
