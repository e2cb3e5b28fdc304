using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>Reads the lines whose first byte is in one piece of a file. Used by one thread.</summary>
/// <remarks>
/// <para>Lines end as in <see cref="File.ReadLines(string)"/>: after a line feed, a carriage return, or both in this order; what follows the last end is a line
/// if it is not empty. So the first line that begins in a piece follows the first end that is found from one byte before it, and the last one is read to
/// its end wherever that is. All pieces of a file together have every line once, however it is cut.</para>
/// <para>Text is UTF-8, with or without a byte order mark at the start of the file. The first byte of a piece that is not valid is reported as a warning of
/// the task.</para>
/// </remarks>
internal abstract class TextPieceReader<T> : IDisposable
{
    // Fits into the cache of one core, so that a line is decoded while it is there.
    private const int BufferBytes = 256 << 10;

    // What is read at once behind the end of the piece, for the end of its last line.
    private const int TailBytes = 16 << 10;

    // A longer line that is not complete is not looked at again after each read.
    private const int RecheckBytes = 64 << 10;

    private readonly TextPiece _piece;
    private readonly TaskContext _context;
    private readonly TextBytes _source;
    private bool _isRented = true;

    // The buffer holds the bytes of the file from _offset. From _start to _end they are not taken yet; from _start to _scan there is no end of line.
    private long _offset;
    private int _start;
    private int _scan;
    private int _end;
    private bool _isAtEnd;

    // Lines that begin here or later belong to another piece.
    private long _limit;
    private bool _isPositioned;

    private bool _mayBeInvalid;
    private bool _isReported;

    private protected TextPieceReader(TextPiece piece, TaskContext context)
    {
        _piece = piece;
        _context = context;
        _source = TextBytes.Open(piece);
        _limit = piece.IsWhole ? long.MaxValue : piece.End;
        Buffer = ArrayPool<byte>.Shared.Rent(piece.IsCompressed ? BufferBytes : (int)Math.Min(BufferBytes, piece.End - piece.Begin + TailBytes));
    }

    /// <summary>Bytes of the file, of which some are lines that were not read yet.</summary>
    protected byte[] Buffer { get; private set; }

    /// <summary>Whether the bytes in the buffer are ASCII.</summary>
    protected bool IsAscii { get; private set; } = true;

    /// <summary>Where the next line begins.</summary>
    private long Offset => _offset + _start;

    /// <summary>Reads the next lines into <paramref name="lines"/>, fewer than there is room for if they are long.</summary>
    /// <returns>How many; 0 at the end.</returns>
    /// <exception cref="InvalidDataException">A line is longer than its type can be, or a compressed file is damaged.</exception>
    public int Read(Span<T> lines)
    {
        if (!_isPositioned)
        {
            _isPositioned = true;
            Position();
        }

        var begin = Offset;
        var count = ReadLines(lines);
        _context.Metrics.InputBytes += _piece.IsCompressed ? _source.TakeBytesRead() : Offset - begin;
        return count;
    }

    public void Dispose()
    {
        BeforeBufferChanges();
        _source.Dispose();
        if (_isRented)
        {
            _isRented = false;
            ArrayPool<byte>.Shared.Return(Buffer);
        }

        Buffer = [];
    }

    /// <summary>Reads some lines by <see cref="TryNextLine"/>.</summary>
    /// <returns>How many; 0 only at the end.</returns>
    protected abstract int ReadLines(Span<T> lines);

    /// <summary>What is done with bytes that are not valid, for the warning.</summary>
    protected abstract string FateOfInvalidBytes { get; }

    /// <summary>Called before bytes of the buffer are moved or overwritten.</summary>
    protected virtual void BeforeBufferChanges()
    {
    }

    /// <summary>Finds the next line of the piece, in <see cref="Buffer"/>.</summary>
    /// <param name="mayFill">Whether the buffer may be filled again for it: positions of earlier lines are void then.</param>
    /// <returns><see langword="false"/> at the end, and if the line is not in the buffer as a whole and it may not be filled.</returns>
    protected bool TryNextLine(bool mayFill, out int start, out int end)
    {
        start = end = 0;
        if (Offset >= _limit || !(mayFill ? FindLineEnd(isKept: true, out end, out var next) : TryFindLineEnd(out end, out next)))
        {
            return false;
        }

        start = _start;
        _start = _scan = next;
        if (_mayBeInvalid && !Utf8.IsValid(Buffer.AsSpan(start, end - start)))
        {
            Report(start);
        }

        return true;
    }

    /// <summary>Where in the file a position of the buffer is.</summary>
    protected void ThrowTooLong(int start) => throw new InvalidDataException(
        $"The line at byte {_offset + start} of {_piece.Path} has more than {TextLimits.MostCharacters} characters, the most that a text can hold. " +
        "The file may not be text, or its lines end otherwise.");

    /// <summary>Goes to the first line that begins in the piece.</summary>
    private void Position()
    {
        if (_piece.Begin > 0)
        {
            _offset = _piece.Begin - 1;
            if (FindLineEnd(isKept: false, out _, out var next))
            {
                _start = _scan = next;
            }

            return;
        }

        while (_end < 3 && !_isAtEnd)
        {
            Fill();
        }

        if (Buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8))
        {
            _start = _scan = 3;
            _context.Metrics.InputBytes += _piece.IsCompressed ? 0 : 3;

            // The first line begins with the mark, so it belongs here even if the piece ends within the mark.
            _limit = Math.Max(_limit, 4);
        }
    }

    /// <summary>Finds the end of the line that begins at <see cref="_start"/>.</summary>
    /// <param name="isKept">Whether the line is wanted. If not, its bytes are dropped, and it is not followed beyond the piece.</param>
    /// <param name="end">Behind its last character.</param>
    /// <param name="next">Where the next line begins.</param>
    /// <returns><see langword="false"/> if there is no line, or no line of this piece after one that is not wanted.</returns>
    private bool FindLineEnd(bool isKept, out int end, out int next)
    {
        while (!TryFindLineEnd(out end, out next))
        {
            if (_isAtEnd)
            {
                end = next = _end;
                return isKept && _end > _start;
            }

            if (!isKept)
            {
                _start = _scan;
                if (Offset >= _limit)
                {
                    end = next = _start;
                    return false;
                }
            }

            Fill();
        }

        return true;
    }

    /// <summary>As <see cref="FindLineEnd"/>, within the buffer.</summary>
    private bool TryFindLineEnd(out int end, out int next)
    {
        var found = Buffer.AsSpan(_scan, _end - _scan).IndexOfAny((byte)'\n', (byte)'\r');
        end = next = _scan + found;
        if (found < 0)
        {
            _scan = _end;
            return false;
        }

        if (Buffer[end] == '\n' || end + 1 < _end || _isAtEnd)
        {
            next = Buffer[end] == '\r' && end + 1 < _end && Buffer[end + 1] == '\n' ? end + 2 : end + 1;
            return true;
        }

        // A carriage return, and whether a line feed follows is not read yet.
        _scan = end;
        return false;
    }

    /// <summary>Reads more bytes behind those that are not taken yet.</summary>
    private void Fill()
    {
        _context.CancellationToken.ThrowIfCancellationRequested();
        BeforeBufferChanges();
        if (_start > 0)
        {
            Buffer.AsSpan(_start, _end - _start).CopyTo(Buffer);
            _offset += _start;
            _scan -= _start;
            _end -= _start;
            _start = 0;
        }

        if (_end == Buffer.Length)
        {
            Grow();
        }

        var room = Buffer.Length - _end;
        var position = _offset + _end;
        var wanted = position < _limit ? _limit - position : Math.Max(_end, TailBytes);
        var read = _source.Read(Buffer.AsSpan(_end, wanted < room - TailBytes ? (int)wanted + TailBytes : room));
        _isAtEnd = read == 0;
        CheckEncoding(read);
        _end += read;
    }

    private void Grow()
    {
        if (Buffer.Length == Array.MaxLength)
        {
            ThrowTooLong(_start);
        }

        var larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(2L * Buffer.Length, Array.MaxLength));
        Buffer.AsSpan(0, _end).CopyTo(larger);
        if (_isRented)
        {
            _isRented = false;
            ArrayPool<byte>.Shared.Return(Buffer);
        }

        Buffer = larger;
    }

    /// <summary>Finds out how the bytes behind <see cref="_end"/> can be decoded, together with those before them.</summary>
    private void CheckEncoding(int newBytes)
    {
        var isAsciiBefore = IsAscii || (_end < RecheckBytes && Ascii.IsValid(Buffer.AsSpan(0, _end)));
        IsAscii = isAsciiBefore && Ascii.IsValid(Buffer.AsSpan(_end, newBytes));
        _mayBeInvalid = false;
        if (!IsAscii && !_isReported)
        {
            // A character whose last bytes are not read yet is behind the last end of line.
            var bytes = Buffer.AsSpan(0, _end + newBytes);
            var complete = _isAtEnd ? bytes : bytes[..(bytes.LastIndexOfAny((byte)'\n', (byte)'\r') + 1)];
            _mayBeInvalid = complete.IsEmpty || !Utf8.IsValid(complete);
        }
    }

    private void Report(int start)
    {
        while (Rune.DecodeFromUtf8(Buffer.AsSpan(start, _end - start), out _, out var consumed) == OperationStatus.Done)
        {
            start += consumed;
        }

        _isReported = true;
        _mayBeInvalid = false;
        _context.Warnings.Add(
            $"{_piece.Path} is not valid UTF-8: byte {_offset + start}{(_piece.IsCompressed ? " of its content" : "")} cannot be decoded. " +
            $"{FateOfInvalidBytes}; convert the file if it has another encoding.");
    }
}
