using System.Buffers;
using System.Collections;
using System.Numerics;
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

    private readonly Utf8Text _text;

    // UTF-8, the first byte lowest.
    private readonly uint _separator;
    private readonly byte _separatorLength;
    private readonly StringSplitOptions _options;

    internal Utf8Split(Utf8Text text)
    {
        _text = text;
        _separator = WhiteSpace;
        _options = StringSplitOptions.RemoveEmptyEntries;
    }

    internal Utf8Split(Utf8Text text, char separator, StringSplitOptions options)
    {
        if (char.IsSurrogate(separator))
        {
            throw new ArgumentException("A surrogate is half a character, and texts do not hold halves. Give a character of the basic plane.", nameof(separator));
        }

        if ((options & ~(StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) != 0)
        {
            throw new ArgumentException($"{options} is not an option of splitting. Use RemoveEmptyEntries and TrimEntries.", nameof(options));
        }

        _text = text;
        _options = options;
        if (separator < 0x80)
        {
            _separator = separator;
            _separatorLength = 1;
            return;
        }

        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        bytes.Clear();
        _separatorLength = (byte)new Rune(separator).EncodeToUtf8(bytes);
        _separator = MemoryMarshal.Read<uint>(bytes);
    }

    private bool KeepsEmpty => (_options & StringSplitOptions.RemoveEmptyEntries) == 0;

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

        var isSimple = (_separator == WhiteSpace || _separatorLength == 1) && (_options & StringSplitOptions.TrimEntries) == 0;
        return isSimple && Vector256.IsHardwareAccelerated ? FillFast(block, array, ref next, target) : FillSlow(ref next, target, 0);
    }

    // Looks at 32 bytes at a time, and then only at the separators among them.
    private int FillFast(ByteBlock? block, ReadOnlySpan<byte> array, ref int next, Span<Utf8Text> target)
    {
        var origin = _text.Bytes.Start;
        var textEnd = origin + _text.Length;
        var start = origin + next;
        var count = 0;
        for (var at = start; at < textEnd; at += Vector256<byte>.Count)
        {
            var separators = Find(array, at, textEnd - at, out var isKnown);
            if (!isKnown)
            {
                next = start - origin;
                return FillSlow(ref next, target, count);
            }

            for (; separators != 0; separators &= separators - 1)
            {
                var end = at + BitOperations.TrailingZeroCount(separators);
                if (end > start || KeepsEmpty)
                {
                    if (count == target.Length)
                    {
                        next = start - origin;
                        return count;
                    }

                    target[count++] = new Utf8Text(block, start, end - start);
                }

                start = end + 1;
            }
        }

        if (textEnd > start || KeepsEmpty)
        {
            if (count == target.Length)
            {
                next = start - origin;
                return count;
            }

            target[count++] = new Utf8Text(block, start, textEnd - start);
        }

        next = Done;
        return count;
    }

    /// <summary>A bit for each of the next 32 bytes that is a separator.</summary>
    /// <param name="isKnown">Whether the bytes alone say so: white space may also be characters of several bytes.</param>
    private uint Find(ReadOnlySpan<byte> array, int at, int left, out bool isKnown)
    {
        Vector256<byte> bytes;
        if (at + Vector256<byte>.Count <= array.Length)
        {
            bytes = Vector256.Create(array.Slice(at, Vector256<byte>.Count));
        }
        else
        {
            Span<byte> last = stackalloc byte[Vector256<byte>.Count];
            last.Clear();
            array[at..].CopyTo(last);
            bytes = Vector256.Create<byte>(last);
        }

        var wanted = left >= Vector256<byte>.Count ? uint.MaxValue : (1u << left) - 1;
        if (_separator != WhiteSpace)
        {
            isKnown = true;
            return Vector256.Equals(bytes, Vector256.Create((byte)_separator)).ExtractMostSignificantBits() & wanted;
        }

        isKnown = (bytes.ExtractMostSignificantBits() & wanted) == 0;
        var controls = Vector256.LessThan(bytes - Vector256.Create((byte)'\t'), Vector256.Create((byte)('\r' - '\t' + 1)));
        return (Vector256.Equals(bytes, Vector256.Create((byte)' ')) | controls).ExtractMostSignificantBits() & wanted;
    }

    private int FillSlow(ref int next, Span<Utf8Text> target, int count)
    {
        var text = _text.Span;
        while (next != Done && count < target.Length)
        {
            var (length, separatorLength) = FindSeparator(text[next..]);
            var part = _text.Slice(next, length);
            if ((_options & StringSplitOptions.TrimEntries) != 0)
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
        if (_separator != WhiteSpace)
        {
            var separator = MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in _separator))[.._separatorLength];
            var found = text.IndexOf(separator);
            return found < 0 ? (text.Length, 0) : (found, _separatorLength);
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
