using System.Collections.Immutable;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.Text;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>
/// Reads one bucket, or several neighbours, of every map output of a shuffle, as written. Requests to other workers are under way while files of this one are read; each worker is asked
/// once for all its outputs. Used by the task's thread.
/// </summary>
/// <param name="arena">Where texts and slices of the records are put; <see langword="null"/> gives each batch memory of its own.</param>
internal sealed class MapOutputReader<T>(
    ShuffleId shuffle, BucketRange buckets, WorkerId worker, MapOutputFiles files, IMapOutputSource outputs, BlockClient client, ShuffleOptions options,
    TaskContext context, ByteArena? arena = null) : BatchReader<T>, IDenseFrameSource
{
    private readonly Queue<MapOutputLocation> _local = new();
    private readonly Queue<MapOutputLocation[]> _notAsked = new();
    private readonly Queue<RemoteWorker> _asked = new();
    private BucketReader<T>? _bucket;
    private MapOutputLocation? _current;
    private bool _isOpen;

    /// <summary>The map outputs that are read.</summary>
    public MapRange Maps { get; init; } = MapRange.All;

    /// <exception cref="FetchFailedException">A map output could not be read.</exception>
    public override ReadOnlySpan<T> Next()
    {
        while (TryOpen())
        {
            var records = ReadCurrent();
            if (!records.IsEmpty)
            {
                return records;
            }

            CloseCurrent();
        }

        return default;
    }

    /// <inheritdoc/>
    /// <exception cref="FetchFailedException">A map output could not be read.</exception>
    public bool TryPeekFrame(out ReadOnlyMemory<byte> payload)
    {
        while (TryOpen())
        {
            if (TryPeekCurrent(out payload))
            {
                return true;
            }

            if (!_bucket!.IsAtEnd)
            {
                return false;
            }

            CloseCurrent();
        }

        payload = default;
        return false;
    }

    /// <inheritdoc/>
    public void SkipFrame() => _bucket!.SkipFrame();

    protected override void Dispose(bool disposing)
    {
        _bucket?.Dispose();
        _bucket = null;
        while (_asked.TryDequeue(out var remote))
        {
            remote.Buckets.Dispose();
        }

        _local.Clear();
        _notAsked.Clear();
        base.Dispose(disposing);
    }

    /// <returns><see langword="false"/> if there is no bucket any more.</returns>
    private bool TryOpen()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        if (!_isOpen)
        {
            Open(outputs.Get(shuffle, context.MapOutputEpoch, context.CancellationToken));
        }

        return _bucket is not null || TryOpenNext();
    }

    private void CloseCurrent()
    {
        _bucket!.Dispose();
        _bucket = null;
    }

    private void Open(ImmutableArray<MapOutputLocation> locations)
    {
        _isOpen = true;
        var present = locations.Where(location => Maps.Contains(location.Output.MapIndex) && BytesOf(location.Output) > 0).ToArray();
        foreach (var location in present)
        {
            if (location.Output.Worker == worker)
            {
                _local.Enqueue(location);
            }
        }

        foreach (var remote in present.Where(location => location.Output.Worker != worker).GroupBy(location => (location.Output.Worker, location.Endpoint)))
        {
            _notAsked.Enqueue([.. remote]);
        }

        AskMore();
    }

    private long BytesOf(MapOutput output) => output.BytesOf(buckets);

    private void AskMore()
    {
        while (_asked.Count < options.MaxParallelFetches && _notAsked.TryDequeue(out var locations))
        {
            var wanted = locations.Select(location => (location.Output.MapIndex, location.Output.Attempt)).ToArray();
            _asked.Enqueue(new RemoteWorker(
                new Queue<MapOutputLocation>(locations),
                client.OpenBuckets(locations[0].Output.Worker, locations[0].Endpoint, new BucketRequest(shuffle, buckets, wanted), context.CancellationToken)));
        }
    }

    private bool TryOpenNext()
    {
        if (_local.TryDequeue(out _current))
        {
            _bucket = new BucketReader<T>(Guarded(OpenLocal), arena);
        }
        else if (TryNextRemote())
        {
            _bucket = new BucketReader<T>(Guarded(OpenRemote), arena);
            context.Metrics.ShuffleRemoteBytesRead += BytesOf(_current!.Output);
        }
        else
        {
            return false;
        }

        context.Metrics.ShuffleBytesRead += BytesOf(_current!.Output);
        return true;
    }

    // Buckets come from a worker in the order in which they were asked for.
    private bool TryNextRemote()
    {
        while (_asked.TryPeek(out var remote))
        {
            if (remote.Locations.TryDequeue(out _current))
            {
                return true;
            }

            _asked.Dequeue().Buckets.Dispose();
            AskMore();
        }

        return false;
    }

    private BucketSource OpenLocal()
    {
        var output = _current!.Output;
        var slice = files.TryOpen(shuffle, output.MapIndex, output.Attempt, buckets.First, buckets.Count)
            ?? throw new IOException("it was deleted, or another process of that name wrote it.");
        return slice.File is { } file ? new FileBucketSource(file, slice.Parts, ownsFile: true) : new MemoryBucketSource(slice);
    }

    private BucketSource OpenRemote()
    {
        var bucket = _asked.Peek().Buckets.Next();
        var expected = BytesOf(_current!.Output);
        return bucket.Length == expected
            ? bucket
            : throw new InvalidDataException($"its worker sends a bucket of {bucket.Length} bytes, where {expected} were written.");
    }

    private ReadOnlySpan<T> ReadCurrent()
    {
        try
        {
            return _bucket!.Next();
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw Failed(failure);
        }
    }

    private bool TryPeekCurrent(out ReadOnlyMemory<byte> payload)
    {
        try
        {
            return _bucket!.TryPeekFrame(out payload);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw Failed(failure);
        }
    }

    private BucketSource Guarded(Func<BucketSource> open)
    {
        try
        {
            return open();
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            throw Failed(failure);
        }
    }

    private FetchFailedException Failed(Exception failure) =>
        new(shuffle, _current!.Output.MapIndex, _current.Output.Worker, failure.Message) { IsWorkerGone = failure is NoAnswerException or OtherWorkerException };

    /// <summary>A request that is under way.</summary>
    /// <param name="Locations">Whose buckets were not opened yet.</param>
    private sealed record RemoteWorker(Queue<MapOutputLocation> Locations, RemoteBuckets Buckets);
}
