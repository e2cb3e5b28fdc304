using System.Buffers;

namespace Dpark.Shuffle;

/// <summary>Finished frames of all buckets, in the order in which they were finished, until they are written by bucket. Used by one thread.</summary>
internal sealed class FrameArena(int bucketCount) : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly List<byte[]> _chunks = [];
    private PooledList<Segment> _segments = new();
    private int _used;

    /// <summary>Memory held.</summary>
    public long Capacity { get; private set; }

    /// <summary>Keeps a frame.</summary>
    public void Add(int bucket, ReadOnlySpan<byte> frame)
    {
        if (_chunks.Count == 0 || _chunks[^1].Length - _used < frame.Length)
        {
            _chunks.Add(ArrayPool<byte>.Shared.Rent(Math.Max(ChunkBytes, frame.Length)));
            Capacity += _chunks[^1].Length;
            _used = 0;
        }

        frame.CopyTo(_chunks[^1].AsSpan(_used));
        _segments.Add(new Segment(bucket, _chunks.Count - 1, _used, frame.Length));
        _used += frame.Length;
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

    /// <summary>The bytes of a frame.</summary>
    public ReadOnlySpan<byte> Frame(int number)
    {
        var segment = _segments.Span[number];
        return _chunks[segment.Chunk].AsSpan(segment.Offset, segment.Length);
    }

    /// <summary>Forgets all frames.</summary>
    public void Clear()
    {
        foreach (var chunk in _chunks)
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        _chunks.Clear();
        _segments.Clear();
        _used = 0;
        Capacity = 0;
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        Clear();
        _segments.Dispose();
    }

    private readonly record struct Segment(int Bucket, int Chunk, int Offset, int Length);
}
