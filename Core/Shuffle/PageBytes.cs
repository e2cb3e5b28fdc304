using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>Pages as memory that the framework's calls take. Valid as long as they are not returned, which is up to their owner.</summary>
internal sealed unsafe class PageBytes(PageMemory pages) : MemoryManager<byte>
{
    /// <inheritdoc/>
    public override Span<byte> GetSpan() => MemoryMarshal.CreateSpan(ref pages.Start, (int)Math.Min(pages.Length, Array.MaxLength));

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(Unsafe.AsPointer(ref Unsafe.Add(ref pages.Start, elementIndex)));

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
