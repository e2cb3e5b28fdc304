using Dpark.Codecs;
using Dpark.Storage;

namespace Dpark.Caching;

// What other workers get from here, and what is held for them.
public sealed partial class PartitionCache : ICachedPartitionSource
{
    /// <summary>Reaches the caches of other workers; <see langword="null"/>: this one is alone.</summary>
    internal ICachePeers? Peers { get; init; }

    /// <inheritdoc/>
    byte[]? ICachedPartitionSource.TryRead(CachedSegmentRequest request)
    {
        CacheEntry? entry;
        CachedContent? content;
        BlockId? block;
        SegmentPlace[] places;
        lock (_lock)
        {
            if (!_entries.TryGetValue(request.Key, out entry) || !entry.IsKept || request.FirstRecord > entry.RecordCount
                || (request.Content != Guid.Empty && request.Content != entry.ContentId))
            {
                return null;
            }

            Touch(entry);
            (content, block, places) = (entry.Content, entry.Block, entry.Places);
        }

        if (request.FirstRecord == entry.RecordCount)
        {
            return new CachedSegment(entry.ContentId, entry.RecordCount, 0, entry.RecordCount, default).Encode();
        }

        try
        {
            var (segment, first) = content is null ? ReadStored(block!.Value, places, request.FirstRecord) : content.EncodeFrom(request.FirstRecord);
            return new CachedSegment(entry.ContentId, first, segment.RecordCount, entry.RecordCount, segment.Bytes).Encode();
        }
        catch (UnsupportedRecordTypeException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            Lose(entry);
            return null;
        }
    }

    /// <summary>Copies a partition from another worker and keeps it as its level says, encoded. Blocks.</summary>
    /// <returns><see langword="null"/> if it is kept here now, else why not.</returns>
    internal string? TryTakeCopy(CacheCopy copy, CancellationToken cancellationToken)
    {
        if (Peers is not { } peers)
        {
            return "The worker keeps no copies.";
        }

        var entry = new CacheEntry(copy.Key, copy.Level) { ContentId = copy.Content };
        lock (_lock)
        {
            if (_entries.TryGetValue(copy.Key, out var found))
            {
                return found.IsKept ? null : "A task there computes it at this moment.";
            }

            if (_ended.Contains(copy.Key.Application))
            {
                return "The application has ended there.";
            }

            _entries.Add(copy.Key, entry);
        }

        try
        {
            var isKept = KeepCopy(entry, new SegmentPull(peers, copy.Key, [copy.From], copy.Content, cancellationToken));
            return isKept ? null : "Another worker had no room for it, or it is not wanted any more.";
        }
        catch (Exception failure)
        {
            Release(entry);
            if (failure is IOException or InvalidDataException)
            {
                return failure.Message;
            }

            throw;
        }
    }

    private bool KeepCopy(CacheEntry entry, SegmentPull pull)
    {
        var held = new Queue<EncodedSegment>();
        var isWhole = false;
        while (entry.Level.UsesMemory())
        {
            if (pull.Next(out _) is not { } segment)
            {
                isWhole = true;
                break;
            }

            held.Enqueue(segment);
            if (!TryReserve(entry, segment.Bytes.Length))
            {
                break;
            }
        }

        if (isWhole)
        {
            return Keep(entry, new CachedSegments([.. held]), pull.Position);
        }

        if (!CanUseDisk(entry))
        {
            Release(entry);
            return false;
        }

        using var stream = new SegmentStream(() => held.TryDequeue(out var segment) ? segment : pull.Next(out _));
        return KeepOnDisk(entry, stream);
    }

    private (EncodedSegment Segment, long FirstRecord) ReadStored(BlockId block, SegmentPlace[] places, long record)
    {
        var index = Array.FindLastIndex(places, place => place.FirstRecord <= record);
        using var stream = _disk!.TryOpen(block) ?? throw new IOException($"Block {block} is gone.");
        var place = places[index];
        stream.Position = place.Offset;
        return (new(StoredSegmentReader.ReadOne(stream, place.Length), place.RecordCount), place.FirstRecord);
    }
}
