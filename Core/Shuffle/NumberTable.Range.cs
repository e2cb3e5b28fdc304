using System.Diagnostics;
using System.Numerics;
using Dpark.Partitioning;

namespace Dpark.Shuffle;

// A dense table for part of the keys, where there is no memory for all of them: it has places for several times as many as hashed ones take.
internal sealed partial class NumberTable<TKey, TValue>
{
    // The part is worth it only if it is not small: of the pairs that come, those of other keys are looked at in vain.
    private const int LeastRangeShare = 16;
    private const double LeastGain = 1.25;

    private (long First, int PlaceCount, long Most)? _range;

    /// <summary>Whether a range of keys was chosen, and is not kept yet.</summary>
    public bool HasChosenRange => _range is not null;

    /// <summary>
    /// Chooses a range of keys to be kept, if a hashed table grows for the last time for so many new keys and would have places for fewer of the keys that are to come than a dense
    /// table of that range. Then pairs of other keys are given up (<see cref="ReadOthers"/>), and the table becomes dense (<see cref="KeepRange"/>).
    /// The claim holds what that takes.
    /// </summary>
    /// <param name="addedCount">Pairs that were added, those of keys that were there included: by them and the keys that there are, it is estimated how many will come.</param>
    /// <param name="newPairs">As in <see cref="TryBecomeDense"/>.</param>
    /// <param name="alsoHeld">As in <see cref="TryBecomeDense"/>.</param>
    public bool TryChooseRange(long addedCount, int newPairs, long alsoHeld)
    {
        if (!GrowsForTheLastTime(newPairs, alsoHeld))
        {
            return false;
        }

        var replaced = PageMemory.TakenFor(_memory!.Length);
        var placeCount = DenseTable<TKey, TValue>.PlacesIn(PageMemory.MostWithin(memory!.RoomBytesBeside(replaced) - alsoHeld));
        var (least, most) = FindRange();
        var width = (double)most - least + 1;
        var hashed = (double)PlacesFor((long)_hashedCount + newPairs) * LoadNumerator / LoadDenominator;
        if (placeCount < width / LeastRangeShare || placeCount / width * EstimateKeys(addedCount, _hashedCount, width) < hashed * LeastGain)
        {
            return false;
        }

        placeCount = (long)Math.Min(placeCount, width);
        if (!TryHold(PageMemory.TakenFor(DenseTable<TKey, TValue>.BytesOf(placeCount)), replaced, alsoHeld))
        {
            return false;
        }

        _range = (least, (int)placeCount, most);
        return true;
    }

    /// <summary>
    /// How pairs of other keys are best spread, if those that are kept lie close together: by ranges, so that those of a bucket lie close together as well, and a dense table has them all.
    /// <see langword="null"/> if they do not.
    /// </summary>
    public Partitioner? TryMakeRanges()
    {
        // Of keys that are known each bucket has one range. Of others it is only known that they are not here: the ranges are as long as a table surely has places for then.
        var (first, length) = _range is { } range ? (range.First + range.PlaceCount, (ulong)(range.Most - range.First) / SpreadPartitioner.BucketCount)
            : Dense is { } dense ? (dense.First, (ulong)dense.PlaceCount / 2)
            : default;
        return length == 0 ? null : new RangeSpreadPartitioner(first, BitOperations.Log2(length) + 1);
    }

    /// <summary>Reads the next pairs that are not in the chosen range.</summary>
    /// <param name="position">As in <see cref="ReadOn"/>.</param>
    /// <param name="pairs">Receives them; whatever it had is lost.</param>
    /// <returns>How many there are; 0 at the end.</returns>
    public int ReadOthers(ref int position, Span<(TKey Key, TValue Value)> pairs)
    {
        while (true)
        {
            var count = ReadOn(ref position, pairs);
            var others = 0;
            foreach (var pair in pairs[..count])
            {
                if (!IsInRange(pair.Key))
                {
                    pairs[others++] = pair;
                }
            }

            if (others > 0 || count == 0)
            {
                return others;
            }
        }
    }

    /// <summary>Becomes dense for the chosen range, without the pairs that are not in it.</summary>
    public void KeepRange()
    {
        var (first, placeCount, _) = _range ?? throw new UnreachableException("no range was chosen");
        var replaced = PageMemory.TakenFor(_memory!.Length);
        memory!.TakeBeside(replaced);
        try
        {
            Become(DenseTable<TKey, TValue>.Create(first, placeCount));
        }
        finally
        {
            memory.ReturnBeside(replaced);
        }
    }

    /// <summary>
    /// How many keys there are of which some pairs had so many: if all are as frequent, n pairs of N keys have about N (1 - exp(-n / N)) of them. Where some keys come more often than
    /// others, fewer are expected than there are.
    /// </summary>
    /// <param name="most">There are no more.</param>
    internal static double EstimateKeys(double pairs, double seen, double most)
    {
        // Each halving adds a bit, and more than a few are not wanted.
        const int Halvings = 20;
        var (low, high) = (Math.Min(seen, most), most);
        for (var i = 0; i < Halvings; i++)
        {
            var middle = (low + high) / 2;
            (low, high) = middle * (1 - Math.Exp(-pairs / middle)) < seen ? (middle, high) : (low, middle);
        }

        return high;
    }

    private bool IsInRange(TKey key) => _range is not { } range || (ulong)(DenseTable<TKey, TValue>.OrderOf(key) - range.First) < (ulong)range.PlaceCount;
}
