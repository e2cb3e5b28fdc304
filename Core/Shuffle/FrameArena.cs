using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>Finished frames of all buckets, in the order in which they were finished, until they are written by bucket. Used by one thread.</summary>
internal sealed class FrameArena(int bucketCount) : IDisposable
{
    // Small outputs take little; large ones are on large pages, which come from the pool that tables have, too.
    private const int FirstChunkBytes = 64 << 10;
    private const int SecondChunkBytes = 256 << 10;
    private const int ChunkBytes = 2 << 20;

    private readonly List<PageMemory> _chunks = [];
    private readonly List<PageBytes> _chunkBytes = [];
    private PooledList<Segment> _segments = new();
    private int _used;

    /// <summary>Memory held.</summary>
    public long Capacity { get; private set; }

    /// <summary>Bytes of all frames.</summary>
    public long Length { get; private set; }

    /// <summary>Keeps a frame.</summary>
    public void Add(int bucket, ReadOnlySpan<byte> frame)
    {
        if (_chunks.Count == 0 || _chunks[^1].Length - _used < frame.Length)
        {
            var bytes = _chunks.Count switch { 0 => FirstChunkBytes, 1 => SecondChunkBytes, _ => ChunkBytes };
            _chunks.Add(new PageMemory(Math.Max(bytes, frame.Length), zeroBytes: 0));
            _chunkBytes.Add(new PageBytes(_chunks[^1]));
            Capacity += PageMemory.TakenFor(_chunks[^1].Length);
            _used = 0;
        }

        frame.CopyTo(Part(_chunks.Count - 1, _used, frame.Length));
        _segments.Add(new Segment(bucket, _chunks.Count - 1, _used, frame.Length));
        _used += frame.Length;
        Length += frame.Length;
    }

    /// <summary>The numbers of the frames by bucket, each bucket's in the order in which they were added.</summary>
    /// <param name="starts">Receives where each bucket starts, and where the last one ends. One longer than there are buckets.</param>
    public int[] Sort(Span<int> starts)
    {
        starts.Clear();
        foreach (ref readonly var segment in _segments.Span)
        {
            starts[segment.Bucket + 1]++;
        }

        for (var bucket = 1; bucket <= bucketCount; bucket++)
        {
            starts[bucket] += starts[bucket - 1];
        }

        var next = starts.ToArray();
        var order = new int[_segments.Count];
        for (var i = 0; i < order.Length; i++)
        {
            order[next[_segments.Span[i].Bucket]++] = i;
        }

        return order;
    }

    /// <summary>The bytes of a frame. Valid until frames are forgotten.</summary>
    public ReadOnlyMemory<byte> Frame(int number)
    {
        var segment = _segments.Span[number];
        return _chunkBytes[segment.Chunk].Memory.Slice(segment.Offset, segment.Length);
    }

    /// <summary>Forgets all frames.</summary>
    public void Clear()
    {
        foreach (var chunk in _chunks)
        {
            chunk.Dispose();
        }

        _chunks.Clear();
        _chunkBytes.Clear();
        _segments.Clear();
        _used = 0;
        Capacity = 0;
        Length = 0;
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        Clear();
        _segments.Dispose();
    }

    private Span<byte> Part(int chunk, int offset, int length) =>
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref _chunks[chunk].Start, offset), length);

    private readonly record struct Segment(int Bucket, int Chunk, int Offset, int Length);
}
