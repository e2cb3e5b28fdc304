namespace Dpark.Caching;

/// <summary>Gets the segments of one content from another worker, or from whoever else has a copy, each while the one before is used. Used by one thread.</summary>
/// <param name="holders">Best first.</param>
internal sealed class SegmentPull(ICachePeers peers, PartitionKey key, CachePeer[] holders, Guid content, CancellationToken cancellationToken)
{
    private Task<CachedSegment>? _next;
    private int _holder;
    private Guid _content = content;
    private long _position;
    private long _total = -1;

    /// <summary>Elements of all segments given out.</summary>
    public long Position => _position;

    /// <summary>Why the last holder that failed did.</summary>
    public string LastFailure { get; private set; } = "";

    /// <summary>Bytes of the record blocks that came.</summary>
    public long Bytes { get; private set; }

    /// <summary>The next segment, to be read from its element <paramref name="skip"/> on.</summary>
    /// <returns><see langword="null"/> at the end.</returns>
    /// <exception cref="IOException">No holder has the rest of what was read.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public EncodedSegment? Next(out long skip)
    {
        while (_position != _total)
        {
            if (Receive() is not { } segment)
            {
                continue;
            }

            (_content, _total) = (segment.Content, segment.TotalCount);
            skip = _position - segment.FirstRecord;
            _position = segment.FirstRecord + segment.RecordCount;
            Bytes += segment.Block.Length;
            if (segment.RecordCount == 0)
            {
                continue;
            }

            if (_position < _total)
            {
                Ask();
            }

            return new(segment.Block, segment.RecordCount);
        }

        skip = 0;
        return null;
    }

    private void Ask() => _next = peers.ReadAsync(holders[_holder], new(key, _content, _position), cancellationToken);

    // Null: another holder is to be asked.
    private CachedSegment? Receive()
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_holder == holders.Length)
        {
            throw new IOException($"The rest of {key}, behind its first {_position} elements, is on no worker any more. {LastFailure}".TrimEnd());
        }

        if (_next is null)
        {
            Ask();
        }

        try
        {
            var segment = _next!.GetAwaiter().GetResult();
            Check(segment);
            return segment;
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            LastFailure = failure.Message;
            _holder++;
            return null;
        }
        finally
        {
            _next = null;
        }
    }

    private void Check(CachedSegment segment)
    {
        var end = segment.FirstRecord + segment.RecordCount;
        if (segment.FirstRecord < 0 || segment.FirstRecord > _position || end > segment.TotalCount || (end <= _position && _position < segment.TotalCount)
            || (_total >= 0 && (segment.TotalCount != _total || segment.Content != _content)))
        {
            throw new InvalidDataException(
                $"A worker sent elements {segment.FirstRecord} to {end} of {segment.TotalCount} of {key} where {_position} of {_total} were read. Its cache is not used.");
        }
    }
}
