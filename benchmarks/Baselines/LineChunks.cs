using Microsoft.Win32.SafeHandles;

namespace Dpark.Baselines;

/// <summary>Cuts a file into chunks of whole lines: a line belongs to the chunk in which its first byte lies. Thread-safe; each thread brings its own buffer.</summary>
internal sealed class LineChunks(string path, int chunkBytes) : IDisposable
{
    private const int TailBytes = 4 << 10;

    private readonly SafeFileHandle _file = File.OpenHandle(path, options: FileOptions.SequentialScan);
    private long _next = -chunkBytes;

    /// <summary>Reads the next chunk into the buffer, which grows as needed.</summary>
    /// <param name="chunk">The whole lines within <paramref name="buffer"/>; may be empty, if one line is longer than a chunk.</param>
    /// <returns><see langword="false"/> at the end of the file.</returns>
    public bool TryTake(ref byte[] buffer, out (int Start, int Count) chunk)
    {
        var start = Interlocked.Add(ref _next, chunkBytes);
        var length = RandomAccess.GetLength(_file);
        chunk = default;
        if (start >= length)
        {
            return false;
        }

        // One byte before the chunk tells whether its first line starts in it.
        var readFrom = Math.Max(start - 1, 0);
        var end = (int)(Math.Min(start + chunkBytes, length) - readFrom);
        var filled = Fill(ref buffer, 0, end, readFrom);
        var first = start == 0 ? 0 : AfterNewline(ref buffer, ref filled, 0, readFrom);
        if (first < end)
        {
            // The last line is read to its end, which lies in a later chunk unless the chunk ends with a newline.
            var last = AfterNewline(ref buffer, ref filled, end - 1, readFrom);
            chunk = (first, last - first);
        }

        return true;
    }

    public void Dispose() => _file.Dispose();

    private int AfterNewline(ref byte[] buffer, ref int filled, int from, long offset)
    {
        while (true)
        {
            var index = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n');
            if (index >= 0)
            {
                return from + index + 1;
            }

            from = filled;
            filled = Fill(ref buffer, filled, TailBytes, offset);
            if (filled == from)
            {
                return filled;
            }
        }
    }

    private int Fill(ref byte[] buffer, int filled, int count, long offset)
    {
        if (buffer.Length < filled + count)
        {
            Array.Resize(ref buffer, filled + count + TailBytes);
        }

        var end = filled + count;
        while (filled < end && RandomAccess.Read(_file, buffer.AsSpan(filled, end - filled), offset + filled) is > 0 and var read)
        {
            filled += read;
        }

        return filled;
    }
}
