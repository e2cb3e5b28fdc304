using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Shuffle;

namespace Dpark.Text;

/// <summary>
/// Bytes that slices refer to, in an array or on pages outside the collector's heap. A reader that wants to use its buffer again retires the block first, and makes a new
/// block for the same buffer: so a slice of the old one fails from then on, and never shows the new bytes.
/// </summary>
internal sealed class ByteBlock
{
    private byte[]? _bytes;
    private PageMemory? _pages;

    /// <summary>A block of an array.</summary>
    public ByteBlock(byte[] bytes) => _bytes = bytes;

    /// <summary>A block of pages, which lives at least as long as it is not retired.</summary>
    /// <param name="number">For the owner of the block.</param>
    public ByteBlock(PageMemory pages, int number)
    {
        _pages = pages;
        Number = number;
    }

    /// <summary>The array; <see langword="null"/> if the bytes are on pages, or are used for something else.</summary>
    public byte[]? Bytes => _bytes;

    /// <summary>The number that the owner gave it.</summary>
    public int Number { get; }

    /// <summary>Whether the bytes are used for something else.</summary>
    public bool IsRetired => _bytes is null && _pages is null;

    /// <summary>All bytes; none once they are used for something else.</summary>
    public ReadOnlySpan<byte> All
    {
        get
        {
            if (_bytes is { } bytes)
            {
                return bytes;
            }

            return _pages is { } pages ? MemoryMarshal.CreateReadOnlySpan(ref pages.Start, (int)Math.Min(pages.Length, Array.MaxLength)) : default;
        }
    }

    /// <summary>Bytes that are not in an array. Checked as an array would be: what two threads tear must not read other memory.</summary>
    /// <exception cref="InvalidOperationException">They are used for something else.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public ReadOnlySpan<byte> OnPages(int start, int length)
    {
        var pages = _pages;
        if (pages is null)
        {
            ThrowRetired();
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)(uint)start + (uint)length, (ulong)pages.Length, nameof(length));
        return MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref pages.Start, start), length);
    }

    /// <summary>Where a byte is, as a hint; <see langword="null"/> once the bytes are used for something else.</summary>
    public unsafe void* AddressOf(int position)
    {
        if (_bytes is { } bytes)
        {
            return Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(bytes), position));
        }

        return _pages is { } pages ? Unsafe.AsPointer(ref Unsafe.Add(ref pages.Start, position)) : null;
    }

    /// <summary>Ends the life of all slices of the block. May be called twice.</summary>
    public void Retire()
    {
        Volatile.Write(ref _bytes, null);
        Volatile.Write(ref _pages, null);
    }

    /// <summary>The failure of whoever kept a slice for too long.</summary>
    [DoesNotReturn]
    public static void ThrowRetired() => throw new InvalidOperationException(
        "A text or slice of bytes was kept longer than the call that it was passed to, and its buffer has been used again. " +
        "Call Keep() for a copy before it is stored, or make a string or an array of it.");
}
