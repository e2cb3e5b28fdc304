using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>The map outputs of one shuffle, by map index. Changed by its <see cref="MapOutputTable"/> alone. Not thread-safe.</summary>
public sealed class MapOutputList
{
    // Ids, counters and framing of one location on the wire; measured, then rounded up.
    private const int OverheadBytes = 128;

    private readonly MapOutputLocation?[] _outputs;

    // When each was registered or forgotten last.
    private readonly long[] _changedAt;

    internal MapOutputList(int mapCount) => (_outputs, _changedAt) = (new MapOutputLocation?[mapCount], new long[mapCount]);

    /// <summary>Map outputs that the shuffle has when it is complete.</summary>
    public int MapCount => _outputs.Length;

    /// <summary>Map outputs that exist.</summary>
    public int RegisteredCount { get; private set; }

    /// <summary>Whether every map has an output.</summary>
    public bool IsComplete => RegisteredCount == MapCount;

    /// <summary>How new the list is: it shows every loss up to this epoch of the driver's scheduler.</summary>
    public long Epoch { get; private set; }

    /// <summary>Buckets per map output; 0 if none exists.</summary>
    public int ReducePartitionCount => Array.Find(_outputs, static o => o is not null)?.Output.BucketBytes.Length ?? 0;

    /// <summary>Stored bytes of all buckets.</summary>
    public long Bytes
    {
        get
        {
            long bytes = 0;
            foreach (var location in _outputs)
            {
                foreach (var bucket in location?.Output.BucketBytes ?? [])
                {
                    bytes += bucket;
                }
            }

            return bytes;
        }
    }

    /// <summary>The outputs from a map index on, as many as fit, ascending, up to the first one that is missing.</summary>
    /// <param name="firstMap">From 0. The page is empty if it is <see cref="MapCount"/> or more.</param>
    /// <param name="maxBytes">Bytes after which no further output is added; estimated. One output is always returned, whatever its size.</param>
    public MapOutputLocation[] Page(int firstMap, int maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstMap);
        long bytes = 0;
        var end = firstMap;
        while (end < _outputs.Length && _outputs[end] is { } location)
        {
            bytes += OverheadBytes + (sizeof(long) * (long)location.Output.BucketBytes.Length);
            if (end > firstMap && bytes > maxBytes)
            {
                break;
            }

            end++;
        }

        return end <= firstMap ? [] : [.. _outputs[firstMap..end].Select(static o => o!)];
    }

    internal WorkerId[] Workers() => [.. _outputs.OfType<MapOutputLocation>().Select(static o => o.Output.Worker).Distinct()];

    /// <summary>Adds an output, or replaces the one of the same map, unless something newer was said of it.</summary>
    internal void Set(MapOutputLocation output, long epoch)
    {
        var map = output.Output.MapIndex;
        if (epoch < _changedAt[map])
        {
            return;
        }

        RegisteredCount += _outputs[map] is null ? 1 : 0;
        _outputs[map] = output;
        _changedAt[map] = epoch;
    }

    /// <summary>Removes an output, unless something newer was said of it.</summary>
    internal void Remove(int mapIndex, long epoch)
    {
        if ((uint)mapIndex >= (uint)_outputs.Length || epoch < _changedAt[mapIndex])
        {
            return;
        }

        RegisteredCount -= _outputs[mapIndex] is null ? 0 : 1;
        _outputs[mapIndex] = null;
        _changedAt[mapIndex] = epoch;
    }

    internal int RemoveAll(WorkerId worker, long epoch)
    {
        var before = RegisteredCount;
        for (var map = 0; map < _outputs.Length; map++)
        {
            if (_outputs[map]?.Output.Worker == worker)
            {
                Remove(map, epoch);
            }
        }

        return before - RegisteredCount;
    }

    internal void Raise(long epoch) => Epoch = Math.Max(Epoch, epoch);
}
