using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>
/// Combines the values of keys in memory, and spreads over buckets on disk what finds no place there. As long as that pays, the keys that are in memory stay and go on being
/// combined, and only the pairs of other keys are written. Used by one thread.
/// </summary>
/// <param name="buffer">Empty; disposed with it.</param>
/// <param name="newSpreader">Makes what writes pairs by bucket; disposed with it.</param>
internal sealed class Combiner<TKey, TIn, TOut>(
    PairBuffer<TKey, TIn, TOut> buffer, Func<PartitioningMapWriter<TKey, TOut>> newSpreader, TaskContext context) : IDisposable
{
    // Of the pairs that come while the keys in memory are fixed, so many must be of such keys, as one over this; otherwise others take their places.
    private const int LeastHits = 8;

    // Looked at after as many pairs as there are keys, as one over this, but not after fewer than so many pairs.
    private const int WindowShare = 4;
    private const int LeastWindow = 16 << 10;

    // Where keys hardly ever come twice, other ones in memory are no better, and to fill it with them is in vain.
    private const int VainShare = 8;
    private const int WindowGrowth = 4;
    private const int MaxWindowFactor = 64;

    private readonly (TKey Key, TOut Value)[] _others = new (TKey, TOut)[BatchReader.Capacity];
    private PartitioningMapWriter<TKey, TOut>? _spreader;
    private long _filledBy;
    private bool _isClosed;

    // Keys that were in memory once are in buckets, so those in memory may be there, too.
    private bool _wasFlushed;

    private long _window;
    private long _windowFactor = 1;
    private long _windowPairs;
    private long _windowHits;

    /// <summary>Adds a batch.</summary>
    public void Add(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        if (_isClosed)
        {
            AddClosed(pairs);
            return;
        }

        buffer.Add(pairs);
        _filledBy += pairs.Length;
        if (buffer.IsFull)
        {
            Close();
        }
    }

    /// <summary>Adds the pairs of a dense frame at once, if that is possible; see <see cref="PairBuffer{TKey, TIn, TOut}.TryAddFrame"/>.</summary>
    public bool TryAddFrame(ReadOnlySpan<byte> payload)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        if (_isClosed || !buffer.TryAddFrame(payload))
        {
            return false;
        }

        _filledBy += DenseFrame<TKey, TIn>.Of(payload).Count;
        if (buffer.IsFull)
        {
            Close();
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
    }

    // The buffer is full.
    private void Close()
    {
        _spreader ??= newSpreader();
        buffer.Complete();
        if (!buffer.CanAddKnown || buffer.MustGiveBack)
        {
            Flush();
            return;
        }

        _isClosed = true;
        _windowFactor = _filledBy - buffer.Count < _filledBy / VainShare ? Math.Min(_windowFactor * WindowGrowth, MaxWindowFactor) : 1;
        _window = Math.Max(buffer.Count / WindowShare, LeastWindow) * _windowFactor;
        (_windowPairs, _windowHits) = (0, 0);
        AddClosed(buffer.TakeWaiting());
    }

    private void AddClosed(ReadOnlySpan<(TKey Key, TIn Value)> pairs)
    {
        var others = _others.AsSpan(0, buffer.AddKnown(pairs, _others));
        if (!others.IsEmpty)
        {
            _spreader!.Add(others);
        }

        _windowPairs += pairs.Length;
        _windowHits += pairs.Length - others.Length;
        if (buffer.MustGiveBack || (_windowPairs >= _window && !IsWorthIt()))
        {
            Flush();
        }
    }

    private bool IsWorthIt()
    {
        var isWorthIt = _windowHits >= _windowPairs / LeastHits;
        (_windowPairs, _windowHits) = (0, 0);
        return isWorthIt;
    }

    // What finds no room in the last batch goes into the empty buffer.
    private void Flush()
    {
        buffer.Complete();
        var position = 0;
        for (var count = buffer.ReadOn(ref position, _others); count > 0; count = buffer.ReadOn(ref position, _others))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            _spreader!.Add(_others.AsSpan(0, count));
        }

        Array.Clear(_others);
        _wasFlushed = true;
        _isClosed = false;
        _filledBy = 0;
        buffer.Clear();
    }
}
