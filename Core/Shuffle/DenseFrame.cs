using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;

namespace Dpark.Shuffle;

/// <summary>
/// Pairs of a frame whose keys are integers that lie close together: which keys there are, a bit for each, and their values in ascending order of keys. Half as long as
/// batches of pairs, or less, and added to a <see cref="DenseTable{TKey, TValue}"/> without looking up a key. <c>docs/formats/shuffle-file.md</c> states every byte.
/// </summary>
/// <typeparam name="TKey">One that <see cref="NumberTable{TKey, TValue}"/> supports.</typeparam>
/// <typeparam name="TValue">Without references and padding: see <see cref="RecordCodec{T}.MemoryBytes"/>.</typeparam>
internal readonly ref struct DenseFrame<TKey, TValue>
{
    /// <summary>Keys per word of bits.</summary>
    public const int BitsPerWord = 64;

    private const int HeaderLength = 16;

    private readonly ReadOnlySpan<byte> _words;

    private DenseFrame(ReadOnlySpan<byte> payload)
    {
        Count = BinaryPrimitives.ReadInt32LittleEndian(payload);
        var wordsLength = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        First = BinaryPrimitives.ReadInt64LittleEndian(payload[8..]);
        _words = payload.Slice(HeaderLength, wordsLength);
        Values = payload[(HeaderLength + wordsLength + WidthLength)..];
    }

    /// <summary>Whether pairs of these types can be in such a frame.</summary>
    public static bool IsSupported => NumberTable<TKey, TValue>.IsSupported && RecordCodec<TValue>.Default.MemoryBytes == Unsafe.SizeOf<TValue>();

    // Columns of integers begin with their width, which is that of the type in a frame that is read here; see Widen.
    private static int WidthLength => RecordCodec<TValue>.Default.FixedBytes == 0 ? 1 : 0;

    /// <summary>Pairs.</summary>
    public int Count { get; }

    /// <summary>The key of the first bit, see <see cref="DenseTable{TKey, TValue}.OrderOf"/>. There need not be such a key.</summary>
    public long First { get; }

    /// <summary>Words of bits, at least 1.</summary>
    public int WordCount => _words.Length / sizeof(ulong);

    /// <summary>The least key, as <see cref="First"/> is one.</summary>
    public long Least => First + BitOperations.TrailingZeroCount(WordAt(0));

    /// <summary>The greatest key, as <see cref="First"/> is one.</summary>
    public long Greatest => First + LastOffset;

    /// <summary>The values, in ascending order of keys.</summary>
    public ReadOnlySpan<byte> Values { get; }

    private long LastOffset => ((long)WordCount * BitsPerWord) - 1 - BitOperations.LeadingZeroCount(WordAt(WordCount - 1));

    /// <summary>Makes integers that were written in fewer bytes as long as in memory.</summary>
    /// <param name="payload">As it was stored.</param>
    /// <param name="wide">Rented memory for the result, or empty; exchanged if it is too short.</param>
    /// <returns>What <see cref="Check"/> takes: <paramref name="payload"/> itself, if it has nothing narrow.</returns>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static ReadOnlyMemory<byte> Widen(ReadOnlyMemory<byte> payload, ref byte[] wide)
    {
        var bytes = payload.Span;
        if (!IsSupported || WidthLength == 0)
        {
            return payload;
        }

        var (count, wordsLength) = ReadLengths(bytes);
        var width = HeaderLength + wordsLength;
        if (bytes[width] == Unsafe.SizeOf<TValue>())
        {
            return payload;
        }

        var start = width + WidthLength;
        if (count > bytes.Length - start)
        {
            RecordErrors.ThrowTruncated(count, bytes.Length - start);
        }

        var length = checked(start + (count * Unsafe.SizeOf<TValue>()));
        if (wide.Length < length)
        {
            ArrayPool<byte>.Shared.Return(wide);
            wide = [];
            wide = ArrayPool<byte>.Shared.Rent(length);
        }

        bytes[..width].CopyTo(wide);
        wide[width] = (byte)Unsafe.SizeOf<TValue>();
        var column = new RecordInput(bytes[width..]);
        RecordCodec<TValue>.Default.Decode(ref column, MemoryMarshal.CreateSpan(ref Unsafe.As<byte, TValue>(ref wide[start]), count));
        if (column.Remaining > 0)
        {
            RecordErrors.ThrowDamaged($"{column.Remaining} bytes behind the values of a dense frame");
        }

        return wide.AsMemory(0, length);
    }

    /// <summary>Reads a payload that was checked.</summary>
    public static DenseFrame<TKey, TValue> Of(ReadOnlySpan<byte> payload) => new(payload);

    /// <summary>Reads a payload, and checks that nothing in it is read beyond its end later on.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or no pair of these types is ever in such a frame.</exception>
    public static DenseFrame<TKey, TValue> Check(ReadOnlySpan<byte> payload)
    {
        if (!IsSupported)
        {
            RecordErrors.ThrowDamaged($"{payload.Length} bytes of a dense frame, of pairs that are never in one,");
        }

        ReadLengths(payload);
        var frame = new DenseFrame<TKey, TValue>(payload);
        var count = 0L;
        for (var i = 0; i < frame.WordCount; i++)
        {
            count += BitOperations.PopCount(frame.WordAt(i));
        }

        if (count != frame.Count || frame.Values.Length != count * Unsafe.SizeOf<TValue>() || frame.WordAt(0) == 0 || frame.WordAt(frame.WordCount - 1) == 0 ||
            !IsKey(frame.First, BitOperations.TrailingZeroCount(frame.WordAt(0))) || !IsKey(frame.First, frame.LastOffset))
        {
            RecordErrors.ThrowDamaged($"a dense frame of {frame.Count} pairs with {count} keys from {frame.First} and {frame.Values.Length} bytes of values");
        }

        frame.CheckValues();
        return frame;
    }

    /// <summary>Appends the pairs of a table at some places.</summary>
    /// <param name="words">Bits of the places; neither the first word nor the last one is 0.</param>
    /// <param name="firstWord">The place of the first bit, in words.</param>
    /// <param name="values">Memory for the values; what it has is lost.</param>
    /// <returns>How many pairs that are.</returns>
    public static int Append(DenseTable<TKey, TValue> table, ReadOnlySpan<ulong> words, int firstWord, RecordBuffer values, RecordBuffer output)
    {
        var count = 0;
        foreach (var word in words)
        {
            count += BitOperations.PopCount(word);
        }

        var wordBytes = MemoryMarshal.AsBytes(words);
        var header = output.Append((long)HeaderLength);
        BinaryPrimitives.WriteInt32LittleEndian(header, count);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], wordBytes.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], table.First + ((long)firstWord * BitsPerWord));
        output.Append(wordBytes);
        if (WidthLength == 0)
        {
            Gather(table, words, firstWord, output.Append((long)count * Unsafe.SizeOf<TValue>()));
            return count;
        }

        values.Truncate(0);
        var gathered = values.Append((long)count * Unsafe.SizeOf<TValue>());
        Gather(table, words, firstWord, gathered);
        RecordCodec<TValue>.Default.Encode(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, TValue>(ref MemoryMarshal.GetReference(gathered)), count), output);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Gather(DenseTable<TKey, TValue> table, ReadOnlySpan<ulong> words, int firstWord, Span<byte> values)
    {
        fixed (byte* first = values)
        {
            var next = first;
            for (var i = 0; i < words.Length; i++)
            {
                var word = words[i];
                var start = (firstWord + i) * BitsPerWord;
                if (WordValues.IsSupported<TValue>())
                {
                    WordValues.Gather(word, (ulong*)Unsafe.AsPointer(ref table.ValueAt(start)), (ulong*)next, (ulong*)(first + values.Length));
                    next += BitOperations.PopCount(word) * Unsafe.SizeOf<TValue>();
                    continue;
                }

                for (; word != 0; word &= word - 1)
                {
                    Unsafe.WriteUnaligned(next, table.ValueAt(start + BitOperations.TrailingZeroCount(word)));
                    next += Unsafe.SizeOf<TValue>();
                }
            }
        }
    }

    /// <summary>Some bits, the lowest one first.</summary>
    /// <param name="index">From 0, below <see cref="WordCount"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong WordAt(int index) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(_words), index * sizeof(ulong)));

    /// <summary>The value of a pair.</summary>
    /// <param name="index">From 0, below <see cref="Count"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TValue ValueAt(int index) => Unsafe.ReadUnaligned<TValue>(ref Unsafe.Add(ref MemoryMarshal.GetReference(Values), (nint)index * Unsafe.SizeOf<TValue>()));

    // What is read before anything else: that it ends behind the bits, and has a byte more where there are values.
    private static (int Count, int WordsLength) ReadLengths(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < HeaderLength + sizeof(ulong) + WidthLength)
        {
            RecordErrors.ThrowDamaged($"a dense frame of {payload.Length} bytes");
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(payload);
        var wordsLength = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        if (wordsLength < sizeof(ulong) || wordsLength % sizeof(ulong) != 0 || wordsLength > payload.Length - HeaderLength - WidthLength || count <= 0 || count > 8L * wordsLength)
        {
            RecordErrors.ThrowDamaged($"a dense frame of {count} pairs with {wordsLength} bytes of bits");
        }

        return (count, wordsLength);
    }

    private static bool IsKey(long first, long offset) =>
        first <= long.MaxValue - offset && DenseTable<TKey, TValue>.OrderOf(DenseTable<TKey, TValue>.KeyOf(first + offset)) == first + offset;

    // As the codec would, a run at a time: for most types there is nothing to check.
    private void CheckValues()
    {
        var codec = RecordCodec<TValue>.Default;
        if (codec.AreAllBitsValid)
        {
            return;
        }

        for (var i = 0; i < Count; i++)
        {
            var value = ValueAt(i);
            codec.CheckFixed(new ReadOnlySpan<TValue>(in value));
        }
    }
}
