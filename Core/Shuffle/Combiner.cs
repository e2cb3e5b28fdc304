using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// Combines the values of keys in memory, and spreads over buckets on disk what finds no place there. As long as that pays, the keys that are in memory stay and go on being
/// combined, and only the pairs of other keys are written. Used by one thread.
/// </summary>
/// <param name="buffer">Empty; disposed with it.</param>
/// <param name="newSpreader">Makes what writes pairs by bucket, in the way that is named or by the hashes of their keys; disposed with it.</param>
internal sealed class Combiner<TKey, TIn, TOut>(
    PairBuffer<TKey, TIn, TOut> buffer, Func<Partitioner?, PartitioningMapWriter<TKey, TOut>> newSpreader, TaskContext context) : IDisposable
{
    // Looked at after as many pairs as there are keys in memory, and not fewer than this: of those that come while these keys stay, one in three must be of such a key. To look
    // for it in vain costs about half as much as to write, read and combine a pair; in a dense table it costs a comparison. Ascending keys are all there for a while, and then none
    // of them is.
    private const int LeastWindow = 16 << 10;
    private const int LeastHits = 3;
    private const int LeastDenseHits = 16;

    // Where a key came less than twice until memory was full, other keys in memory would be no better, and so many pairs for each place there are spread as they come before
    // that is tried again; more each time.
    private const int LeastRepeats = 2;
    private const int PassGrowth = 4;
    private const int MaxPass = 64;

    private (TKey Key, TOut Value)[] _others = [];
    private PartitioningMapWriter<TKey, TOut>? _spreader;
    private long _filledBy;

    // The keys in memory stay, and no others come.
    private bool _isFixed;

    // Keys that were in memory once are in buckets, so those in memory may be there, too.
    private bool _wasFlushed;
    private long _passFactor = 1;
    private long _passing;
    private long _windowLength;
    private long _windowPairs;
    private long _windowHits;

    /// <summary>Adds a batch.</summary>
    public void Add(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        if (_isFixed)
        {
            AddKnown(pairs);
            return;
        }

        if (_passing > 0)
        {
            Pass(pairs);
            return;
        }

        buffer.Add(pairs);
        _filledBy += pairs.Length;
        if (buffer.IsFull)
        {
            EndFilling();
        }
    }

    /// <summary>Adds the pairs of a dense frame at once, if that is possible; see <see cref="PairBuffer{TKey, TIn, TOut}.TryAddFrame"/>.</summary>
    public bool TryAddFrame(ReadOnlySpan<byte> payload)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        if (_isFixed || _passing > 0 || !buffer.TryAddFrame(payload))
        {
            return false;
        }

        _filledBy += DenseFrame<TKey, TIn>.Of(payload).Count;
        if (buffer.IsFull)
        {
            EndFilling();
        }

        return true;
    }

    /// <summary>Ends the spreading. Nothing is added afterwards.</summary>
    /// <returns>What is in buckets; the caller disposes it. <see langword="null"/> if everything is in memory.</returns>
    public SpreadPairs<TKey, TOut>? Complete()
    {
        buffer.Complete();
        if (_spreader is null)
        {
            return null;
        }

        if (_wasFlushed)
        {
            Flush();
        }

        var pairs = _spreader.EndSpread();
        _spreader.Dispose();
        _spreader = null;
        return pairs;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _spreader?.Dispose();
        buffer.Dispose();
        BatchArrays.Return(ref _others);
    }

    // The buffer is full.
    private void EndFilling()
    {
        if (_spreader is null)
        {
            _spreader = newSpreader(buffer.TryMakeRanges());
            _others = BatchArrays.Rent<(TKey, TOut)>(BatchReader.Capacity);
        }

        buffer.Complete();
        if (buffer.CanAddKnown && !buffer.MustGiveBack)
        {
            _isFixed = true;
            if (buffer.HasChosenRange)
            {
                KeepRange();
            }

            BeginWindow();
            AddKnown(buffer.TakeWaiting());
        }
        else
        {
            GiveUpKeys();
        }
    }

    private void KeepRange()
    {
        var position = 0;
        for (var count = buffer.ReadOthers(ref position, _others); count > 0; count = buffer.ReadOthers(ref position, _others))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            _spreader!.Add(_others.AsSpan(0, count));
        }

        // What waits there would be in memory beside both tables.
        _spreader!.Release();
        buffer.KeepRange();
    }

    private void AddKnown(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
    {
        var others = _others.AsSpan(0, buffer.AddKnown(pairs, _others));
        if (!others.IsEmpty)
        {
            _spreader!.Add(others);
        }

        _windowPairs += pairs.Length;
        _windowHits += pairs.Length - others.Length;
        if (buffer.MustGiveBack)
        {
            Flush();
        }
        else if (_windowPairs >= _windowLength)
        {
            if (_windowHits < _windowPairs / (buffer.Table?.Dense is null ? LeastHits : LeastDenseHits))
            {
                GiveUpKeys();
            }

            BeginWindow();
        }
    }

    // Each map output comes in ascending order, so those keys come again that came once.
    private void BeginWindow()
    {
        var count = buffer.Count;
        (_windowPairs, _windowHits) = (0, 0);
        _windowLength = Math.Max(count * (buffer.Table?.Dense is null || HaveRepeated(_filledBy, count) ? 1L : PassGrowth), LeastWindow);
    }

    private static bool HaveRepeated(long pairs, int keys) => pairs >= (long)keys * LeastRepeats;

    private void GiveUpKeys()
    {
        var (filledBy, count) = (_filledBy, buffer.Count);
        Flush();
        if (HaveRepeated(filledBy, count))
        {
            _passFactor = 1;
        }
        else
        {
            _passFactor = Math.Min(_passFactor * PassGrowth, MaxPass);
            _passing = _passFactor * count;
        }
    }

    private void Pass(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
    {
        var others = _others.AsSpan(0, pairs.Length);
        buffer.Begin(pairs, others);
        _spreader!.Add(others);
        _passing -= pairs.Length;
        if (buffer.MustGiveBack)
        {
            buffer.Clear();
        }
    }

    // What finds no room in the last batch goes into the empty buffer.
    private void Flush()
    {
        buffer.Complete();
        var position = 0;
        var others = _others.AsSpan(0, BatchReader.Capacity);
        for (var count = buffer.ReadOn(ref position, others); count > 0; count = buffer.ReadOn(ref position, others))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            _spreader!.Add(others[..count]);
        }

        Array.Clear(_others);
        _wasFlushed = true;
        _isFixed = false;
        _filledBy = 0;
        buffer.Clear();
    }
}
