using System.Buffers;
using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Dpark.Text;

/// <summary>The parts of a text, lazily: they are found as they are read. Has the lifetime of the text.</summary>
/// <remarks>Returned from the function of <c>FlatMap</c> it costs no object; as an <see cref="IEnumerable{T}"/> it is one object a text, none a part.</remarks>
public readonly struct Utf8Split : IEnumerable<Utf8Text>
{
    // In place of a separator: any white space.
    private const uint WhiteSpace = uint.MaxValue;

    // What Fill returns as the next position behind the last part.
    private const int Done = -1;

    private const StringSplitOptions AllOptions = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
    private const int LengthShift = 32;
    private const int OptionsShift = 40;

    private readonly Utf8Text _text;

    // The separator in UTF-8, the first byte lowest; how many bytes that are; and the options. As one number, so that the whole is a few words that are copied without stops.
    private readonly ulong _rule;

    private Utf8Split(Utf8Text text, ulong rule)
    {
        _text = text;
        _rule = rule;
    }

    private uint Separator => (uint)_rule;

    private int SeparatorLength => (byte)(_rule >> LengthShift);

    private StringSplitOptions Options => (StringSplitOptions)(_rule >> OptionsShift);

    private bool KeepsEmpty => (Options & StringSplitOptions.RemoveEmptyEntries) == 0;

    /// <summary>The parts between white space that are not empty.</summary>
    internal static Utf8Split AtWhiteSpace(Utf8Text text) => new(text, RuleOf(WhiteSpace, 0, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The parts between separators.</summary>
    /// <exception cref="ArgumentException">The separator is a surrogate, or an option is unknown.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Utf8Split At(Utf8Text text, char separator, StringSplitOptions options) => new(
        text, separator < 0x80 && (uint)options <= (uint)AllOptions ? RuleOf(separator, 1, options) : RuleOf(separator, options));

    private static ulong RuleOf(uint separator, int length, StringSplitOptions options) => separator | ((ulong)length << LengthShift) | ((ulong)options << OptionsShift);

    private static ulong RuleOf(char separator, StringSplitOptions options)
    {
        if (char.IsSurrogate(separator))
        {
            throw new ArgumentException("A surrogate is half a character, and texts do not hold halves. Give a character of the basic plane.", nameof(separator));
        }

        if ((options & ~AllOptions) != 0)
        {
            throw new ArgumentException($"{options} is not an option of splitting. Use RemoveEmptyEntries and TrimEntries.", nameof(options));
        }

        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        bytes.Clear();
        var length = new Rune(separator).EncodeToUtf8(bytes);
        return RuleOf(MemoryMarshal.Read<uint>(bytes), length, options);
    }

    /// <summary>Reads the parts one by one.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <inheritdoc/>
    IEnumerator<Utf8Text> IEnumerable<Utf8Text>.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Finds the next parts.</summary>
    /// <param name="next">Where to go on: 0 at first, negative after the last part.</param>
    /// <param name="target">Not empty.</param>
    /// <returns>How many parts were found. Less than there is room for only at the end.</returns>
    internal int Fill(ref int next, Span<Utf8Text> target)
    {
        var block = _text.Bytes.Block;
        var array = _text.IsEmpty ? default : block!.All;
        if (array.IsEmpty)
        {
            // Fails if the text was kept for too long.
            _ = _text.Span;
        }

        var isSimple = SeparatorLength <= 1 && (Options & StringSplitOptions.TrimEntries) == 0;
        return isSimple && Vector256.IsHardwareAccelerated && array.Length >= Vector256<byte>.Count
            ? FillFast(block, array, ref next, target)
            : FillSlow(ref next, target, 0);
    }

    // What is found fast, up to where something else has to be done.
    private int FillFast(ByteBlock? block, ReadOnlySpan<byte> array, ref int next, Span<Utf8Text> target)
    {
        var origin = _text.Bytes.Start;
        var end = origin + _text.Length;
        var start = origin + next;
        var count = 0;
        while (true)
        {
            count += FillKnown(block, array, ref start, end, Separator, KeepsEmpty, target[count..], out var stop);
            if (stop == Stop.End)
            {
                var hasPart = start < end || KeepsEmpty;
                if (!hasPart || count < target.Length)
                {
                    next = Done;
                    if (hasPart)
                    {
                        target[count++] = new Utf8Text(block, start, end - start);
                    }

                    return count;
                }
            }

            next = start - origin;
            if (count == target.Length)
            {
                return count;
            }

            if (stop == Stop.Unknown)
            {
                return FillSlow(ref next, target, count);
            }

            // The buffer is another one since the target was filled before.
            foreach (ref var text in target[count..])
            {
                text = new Utf8Text(block, 0, 0);
            }
        }
    }

    /// <summary>
    /// Finds the parts that end with a separator, up to the first for which there is no room or whose place in the target refers to another block. Looks at 32 bytes at a time, and then
    /// only at the separators among them.
    /// </summary>
    /// <param name="array">At least as long as a vector.</param>
    /// <param name="start">Where the next part begins.</param>
    /// <param name="stop">Why there are no more.</param>
    /// <returns>How many that were.</returns>
    /// <remarks>Calls nothing, so that what it needs is in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FillKnown(
        ByteBlock? block, ReadOnlySpan<byte> array, ref int start, int end, uint separator, bool keepsEmpty, Span<Utf8Text> target, out Stop stop)
    {
        var partStart = start;
        var count = 0;
        var last = array.Length - Vector256<byte>.Count;
        for (var at = partStart; at < end; at += Vector256<byte>.Count)
        {
            // At the end of the block there are bytes before the wanted ones, too.
            var from = Math.Min(at, last);
            var bytes = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(array), (nuint)from);
            var wanted = (end - from >= Vector256<byte>.Count ? uint.MaxValue : (1u << (end - from)) - 1) & (uint.MaxValue << (at - from));
            uint separators;
            if (separator != WhiteSpace)
            {
                separators = Vector256.Equals(bytes, Vector256.Create((byte)separator)).ExtractMostSignificantBits() & wanted;
            }
            else if ((bytes.ExtractMostSignificantBits() & wanted) == 0)
            {
                var controls = Vector256.LessThan(bytes - Vector256.Create((byte)'\t'), Vector256.Create((byte)('\r' - '\t' + 1)));
                separators = (Vector256.Equals(bytes, Vector256.Create((byte)' ')) | controls).ExtractMostSignificantBits() & wanted;
            }
            else
            {
                // White space may also be characters of several bytes.
                start = partStart;
                stop = Stop.Unknown;
                return count;
            }

            for (; separators != 0; separators &= separators - 1)
            {
                var partEnd = from + BitOperations.TrailingZeroCount(separators);
                if (partEnd > partStart || keepsEmpty)
                {
                    if (count >= target.Length || !Utf8Text.TryMove(ref target[count], block, partStart, partEnd - partStart))
                    {
                        start = partStart;
                        stop = Stop.Target;
                        return count;
                    }

                    count++;
                }

                partStart = partEnd + 1;
            }
        }

        start = partStart;
        stop = Stop.End;
        return count;
    }

    private int FillSlow(ref int next, Span<Utf8Text> target, int count)
    {
        var text = _text.Span;
        while (next != Done && count < target.Length)
        {
            var (length, separatorLength) = FindSeparator(text[next..]);
            var part = _text.Slice(next, length);
            if ((Options & StringSplitOptions.TrimEntries) != 0)
            {
                part = part.Trim();
            }

            next = separatorLength == 0 ? Done : next + length + separatorLength;
            if (!part.IsEmpty || KeepsEmpty)
            {
                target[count++] = part;
            }
        }

        return count;
    }

    /// <returns>What comes before the separator, and the separator's bytes; 0 if there is none.</returns>
    private (int Length, int SeparatorLength) FindSeparator(ReadOnlySpan<byte> text)
    {
        if (Separator != WhiteSpace)
        {
            var whole = Separator;
            var separator = MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in whole))[..SeparatorLength];
            var found = text.IndexOf(separator);
            return found < 0 ? (text.Length, 0) : (found, SeparatorLength);
        }

        for (var i = 0; i < text.Length;)
        {
            var isValid = Rune.DecodeFromUtf8(text[i..], out var rune, out var count) == OperationStatus.Done;
            if (isValid && Rune.IsWhiteSpace(rune))
            {
                return (i, count);
            }

            i += count;
        }

        return (text.Length, 0);
    }

    private enum Stop
    {
        /// <summary>The text ends.</summary>
        End = 0,

        /// <summary>There is no room, or it has another block.</summary>
        Target = 1,

        /// <summary>Bytes alone do not tell.</summary>
        Unknown = 2,
    }

    /// <summary>Reads the parts of a text one by one.</summary>
    public struct Enumerator : IEnumerator<Utf8Text>
    {
        private readonly Utf8Split _split;
        private Utf8Text _current;
        private int _next;

        internal Enumerator(Utf8Split split) => _split = split;

        /// <inheritdoc/>
        public readonly Utf8Text Current => _current;

        /// <inheritdoc/>
        readonly object IEnumerator.Current => _current;

        /// <inheritdoc/>
        public bool MoveNext() => _next != Done && _split.Fill(ref _next, new Span<Utf8Text>(ref _current)) > 0;

        /// <summary>Goes back to the start.</summary>
        public void Reset() => _next = 0;

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
