using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Caching;

/// <summary>Reads a cached partition of another worker, a segment in memory and one on its way. Used by the task's thread.</summary>
internal sealed class RemotePartitionReader<T>(ICachePeers peers, PartitionKey key, CachePeer[] holders, TaskContext context) : BatchReader<T>
{
    private readonly SegmentPull _segments = new(peers, key, holders, content: default, context.CancellationToken);
    private BatchReader<T>? _current;
    private long _skip;

    /// <summary>Loads the first segment.</summary>
    /// <returns><see langword="false"/> if no holder has the partition.</returns>
    public bool TryOpen()
    {
        try
        {
            Load();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <exception cref="IOException">The holders were lost while it was read. The attempt fails, and the next one computes the partition.</exception>
    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        while (_current is not null)
        {
            var batch = _current.Next();
            if (batch.IsEmpty)
            {
                Load();
            }
            else if (_skip >= batch.Length)
            {
                _skip -= batch.Length;
            }
            else
            {
                var rest = batch[(int)_skip..];
                _skip = 0;
                return rest;
            }
        }

        return default;
    }

    private void Load()
    {
        var before = _segments.Bytes;
        _current = _segments.Next(out _skip) is { } segment ? RecordBlock.Open<T>(segment.Bytes) : null;
        context.Metrics.CacheRemoteBytesRead += _segments.Bytes - before;
    }
}
