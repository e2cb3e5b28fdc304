using System.Buffers;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>Bytes that are written in memory, from start to end, as far as <see cref="MaxBytes"/> go. Used by one thread.</summary>
internal sealed class OutputMemory : IDisposable
{
    /// <summary>The longest output that is worth its memory.</summary>
    public const int MaxBytes = (int)PageRuns.MaxBytes;

    // Small enough for an array that the collector moves like other objects. What is longer is on pages that are used again.
    private const int MaxArrayBytes = 64 << 10;

    private byte[] _array = [];
    private PageMemory? _pages;
    private int _length;

    /// <param name="expectedBytes">About as many as will be written.</param>
    /// <exception cref="OutputTooLongException">They do not fit.</exception>
    public OutputMemory(long expectedBytes) => Reserve(expectedBytes);

    private Span<byte> Memory => _pages is null ? _array : MemoryMarshal.CreateSpan(ref _pages.Start, (int)_pages.Length);

    /// <summary>Appends bytes.</summary>
    /// <exception cref="OutputTooLongException">They do not fit.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve((long)_length + bytes.Length);
        bytes.CopyTo(Memory[_length..]);
        _length += bytes.Length;
    }

    /// <summary>What was written, once.</summary>
    public OutputBytes Take()
    {
        if (_pages is not { } pages)
        {
            return new OutputBytes(_array.AsSpan(0, _length).ToArray());
        }

        if (pages.Length / 2 >= _length)
        {
            return TakeCopy(pages);
        }

        _pages = null;
        return new OutputBytes(pages, _length);
    }

    /// <summary>Returns the memory, unless it was taken.</summary>
    public void Dispose()
    {
        _pages?.Dispose();
        _pages = null;
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = [];
        }
    }

    // Integers take less in frames than in memory, so much more may have been expected.
    private OutputBytes TakeCopy(PageMemory pages)
    {
        var written = MemoryMarshal.CreateSpan(ref pages.Start, _length);
        if (_length <= MaxArrayBytes)
        {
            return new OutputBytes(written.ToArray());
        }

        var copy = PageMemory.Part(_length);
        written.CopyTo(MemoryMarshal.CreateSpan(ref copy.Start, _length));
        return new OutputBytes(copy, _length);
    }

    // An array or pages, as the first call expects them, then twice as much.
    private void Reserve(long length)
    {
        if (length <= Memory.Length)
        {
            return;
        }

        if (length > MaxBytes)
        {
            throw new OutputTooLongException();
        }

        if (length <= MaxArrayBytes)
        {
            _array = ArrayPool<byte>.Shared.Rent(MaxArrayBytes);
            return;
        }

        var pages = PageMemory.Part((int)(_length == 0 ? length : Math.Clamp(2L * Memory.Length, length, MaxBytes)));
        Memory[.._length].CopyTo(MemoryMarshal.CreateSpan(ref pages.Start, (int)pages.Length));
        Dispose();
        _pages = pages;
    }
}

/// <summary>An output turned out to be too long for memory; it is written as a file instead.</summary>
internal sealed class OutputTooLongException : Exception;
