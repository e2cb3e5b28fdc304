using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using Dpark.Codecs;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Where frames can be taken as a whole, by whoever has a better use for them than their pairs. Used by one thread.</summary>
internal interface IDenseFrameSource
{
    /// <summary>Says whether a <see cref="DenseFrame{TKey, TValue}"/> comes next, no pair of which was read.</summary>
    /// <param name="payload">It, checked. Valid until the next call of any method.</param>
    bool TryPeekFrame(out ReadOnlyMemory<byte> payload);

    /// <summary>Goes on behind the frame that the last call of <see cref="TryPeekFrame"/> gave.</summary>
    void SkipFrame();
}

/// <summary>Makes batches of the pairs of dense frames, for readers that know records alone. Used by one thread.</summary>
internal abstract class DenseFrameReader<T> : IDisposable
{
    /// <summary>Starts with a frame.</summary>
    /// <param name="payload">Kept until the last pair was read.</param>
    /// <returns>It, as <see cref="IDenseFrameSource.TryPeekFrame"/> gives it. Valid until the next call.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public abstract ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> payload);

    /// <summary>The next pairs of the frame; empty at its end.</summary>
    public abstract ReadOnlySpan<T> Next();

    /// <summary>Returns the memory.</summary>
    public abstract void Dispose();

    /// <summary>Makes a reader.</summary>
    /// <exception cref="InvalidDataException">Records of this type are never in dense frames.</exception>
    public static DenseFrameReader<T> Create()
    {
        if (!typeof(T).IsGenericType || typeof(T).GetGenericTypeDefinition() != typeof(ValueTuple<,>))
        {
            RecordErrors.ThrowDamaged($"a dense frame where {RecordTypeNames.Of(typeof(T))} is expected");
        }

        return (DenseFrameReader<T>)Activator.CreateInstance(typeof(DenseFrameReader<,>).MakeGenericType(typeof(T).GenericTypeArguments))!;
    }
}

/// <inheritdoc/>
internal sealed class DenseFrameReader<TKey, TValue> : DenseFrameReader<(TKey Key, TValue Value)>
{
    // Made for the first batch: most frames are taken as a whole.
    private (TKey Key, TValue Value)[] _pairs = [];
    private byte[] _wide = [];
    private ReadOnlyMemory<byte> _payload;
    private int _nextWord;
    private int _nextValue;
    private ulong _word;

    public override ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> payload)
    {
        _payload = DenseFrame<TKey, TValue>.Widen(payload, ref _wide);
        DenseFrame<TKey, TValue>.Check(_payload.Span);
        _nextWord = 0;
        _nextValue = 0;
        _word = 0;
        return _payload;
    }

    public override void Dispose()
    {
        _payload = default;
        ArrayPool<byte>.Shared.Return(_wide);
        _wide = [];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override ReadOnlySpan<(TKey Key, TValue Value)> Next()
    {
        var frame = DenseFrame<TKey, TValue>.Of(_payload.Span);
        var count = Math.Min(BatchReader.Capacity, frame.Count - _nextValue);
        if (_pairs.Length < count)
        {
            _pairs = new (TKey Key, TValue Value)[BatchReader.Capacity];
        }

        var pairs = _pairs.AsSpan(0, count);
        var (word, nextWord) = (_word, _nextWord);
        for (var i = 0; i < pairs.Length; i++)
        {
            while (word == 0)
            {
                word = frame.WordAt(nextWord++);
            }

            var order = frame.First + ((nextWord - 1L) * DenseFrame<TKey, TValue>.BitsPerWord) + BitOperations.TrailingZeroCount(word);
            pairs[i] = (DenseTable<TKey, TValue>.KeyOf(order), frame.ValueAt(_nextValue + i));
            word &= word - 1;
        }

        (_word, _nextWord) = (word, nextWord);
        _nextValue += pairs.Length;
        return pairs;
    }
}
