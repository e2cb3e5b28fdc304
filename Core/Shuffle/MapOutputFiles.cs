using System.Collections.Concurrent;
using Dpark.Applications;
using Dpark.Memory;
using Dpark.Storage;

namespace Dpark.Shuffle;

/// <summary>
/// The map outputs of one worker: files <c>{directory}/{application}/{shuffle}/map-{index}.{attempt}</c>, and small ones in memory. Written and read by its tasks,
/// served by its block server. Thread-safe.
/// </summary>
/// <remarks>
/// An output appears whole or not at all: it is written beside, under a temporary name, and renamed. Which outputs there are, and where their buckets start, is
/// kept in memory, 8 bytes per bucket and segment; a worker that restarts is another worker, so nothing is looked for on disk.
/// An output of at most <see cref="ShuffleFileWriter.MaxMemoryBytes"/> stays in memory, with the same bytes: of a small shuffle, making and opening the file is most
/// of the time. When memory is used up, or tasks need it, the oldest such outputs become files.
/// Spill files have no name: they are deleted while they are open, so that a crash leaves none behind.
/// </remarks>
public sealed class MapOutputFiles
{
    private const int RememberedNames = 4096;
    private const string SpillDirectory = "shuffle-spills";

    private readonly WorkFiles _files;
    private readonly ConcurrentDictionary<OutputKey, StoredOutput> _outputs = new();
    private readonly MemoryOutputs<OutputKey> _inMemory;
    private readonly MemoryHolder? _memory;
    private readonly EndedNames<AppId> _endedApplications = new(RememberedNames);
    private readonly EndedNames<ShuffleId> _endedShuffles = new(RememberedNames);

    /// <summary>Makes a store without outputs.</summary>
    /// <param name="directories">The work directories of this worker, main one first, at least one. They are made when they are first used.</param>
    /// <param name="quota">What may be written below each; <see langword="null"/>: no limit.</param>
    /// <param name="memoryBytes">Bytes of small outputs that are kept in memory at most. 0: all are files.</param>
    /// <param name="memory">What these share with tasks. <see langword="null"/>: nothing.</param>
    public MapOutputFiles(IReadOnlyList<string> directories, DiskQuota? quota = null, long memoryBytes = 0, WorkerMemory? memory = null)
    {
        _files = new WorkFiles(directories, quota);
        _inMemory = new MemoryOutputs<OutputKey>(memoryBytes);
        _memory = memory?.AddHolder("map outputs", MoveOldest);
    }

    /// <summary>Bytes of the outputs that are in memory.</summary>
    public long MemoryBytes => _inMemory.Bytes;

    /// <summary>Opens some consecutive buckets of one output for reading.</summary>
    /// <param name="bucketCount">At least 1.</param>
    /// <returns><see langword="null"/> if the output is not here. The caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The output has no such buckets.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public MapOutputSlice? TryOpen(ShuffleId shuffle, int mapIndex, int attempt, int firstBucket, int bucketCount)
    {
        // Again if it was moved to disk, or deleted, between finding and holding it.
        while (_outputs.TryGetValue(new OutputKey(shuffle, mapIndex, attempt), out var output))
        {
            ArgumentOutOfRangeException.ThrowIfNegative(firstBucket);
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bucketCount);
            ArgumentOutOfRangeException.ThrowIfGreaterThan((long)firstBucket + bucketCount, output.Starts.BucketCount, nameof(bucketCount));
            var parts = output.Starts.PartsOf(firstBucket, bucketCount);
            if (output.Bytes is not { } bytes)
            {
                return new MapOutputSlice(Open(output.Path), parts);
            }

            if (bytes.TryHold())
            {
                // Memory has one segment.
                return new MapOutputSlice(bytes, parts is [var part] ? part : default);
            }
        }

        return null;
    }

    /// <summary>Deletes the map outputs of a shuffle. Tasks that are reading go on; a map task that ends later fails.</summary>
    public void DeleteShuffle(ShuffleId shuffle)
    {
        _endedShuffles.Add(shuffle);
        Forget(key => key.Shuffle == shuffle);
        _files.Delete(SubdirectoryOf(shuffle));
    }

    /// <summary>Deletes all map outputs of an application. Tasks that are reading go on; a map task that ends later fails.</summary>
    public void DeleteApplication(AppId application)
    {
        _endedApplications.Add(application);
        Forget(key => key.Shuffle.Application == application);

        // Only what is shuffled: the same directory holds the application's blocks.
        foreach (var shuffle in _files.Subdirectories(WorkFiles.NameOf(application), "shuffle-*"))
        {
            _files.Delete(Path.Combine(WorkFiles.NameOf(application), shuffle));
        }
    }

    /// <summary>Writes and commits one output.</summary>
    /// <param name="expectedBytes">About as long as it will be: what is too long for memory is not tried there.</param>
    /// <param name="write">Appends all buckets. Called again from the start if it is too long for memory, or a disk failed and there is another one.</param>
    /// <returns>Where the buckets are.</returns>
    /// <exception cref="IOException">No disk could take it, or the shuffle was deleted.</exception>
    internal BucketStarts Commit(ShuffleId shuffle, int mapIndex, int attempt, int bucketCount, int shape, long expectedBytes, Action<ShuffleFileWriter> write)
    {
        CheckNotEnded(shuffle);
        var inMemory = expectedBytes <= Math.Min(ShuffleFileWriter.MaxMemoryBytes, _inMemory.MaxBytes) ? TryWriteInMemory(bucketCount, shape, expectedBytes, write) : null;
        if (inMemory is not null)
        {
            return Commit(new OutputKey(shuffle, mapIndex, attempt), inMemory);
        }

        using var file = Begin(shuffle, mapIndex, attempt, bucketCount, shape);
        return Commit(shuffle, mapIndex, attempt, file, write);
    }

    /// <summary>Begins an output that grows while its task runs. The caller disposes it.</summary>
    /// <exception cref="IOException">The shuffle was deleted.</exception>
    internal GrowingOutput Begin(ShuffleId shuffle, int mapIndex, int attempt, int bucketCount, int shape)
    {
        CheckNotEnded(shuffle);
        return new GrowingOutput(_files, $"Map output {mapIndex} of {shuffle}", SubdirectoryOf(shuffle), NameOf(mapIndex, attempt), bucketCount, shape);
    }

    /// <summary>Writes the last segment of an output and commits it.</summary>
    /// <param name="write">As for <see cref="Commit(ShuffleId, int, int, int, int, long, Action{ShuffleFileWriter})"/>.</param>
    /// <returns>Where the buckets are.</returns>
    /// <exception cref="IOException">No disk could take it, or the shuffle was deleted.</exception>
    internal BucketStarts Commit(ShuffleId shuffle, int mapIndex, int attempt, GrowingOutput output, Action<ShuffleFileWriter> write)
    {
        CheckNotEnded(shuffle);
        var (path, starts) = output.Complete(write);
        return Commit(new OutputKey(shuffle, mapIndex, attempt), new StoredOutput(output.Root, path, starts));
    }

    private BucketStarts Commit(OutputKey key, StoredOutput output)
    {
        if (_outputs.TryRemove(key, out var earlier))
        {
            Release(key, earlier);
            earlier.Bytes?.Release();
        }

        // Counted before it can be found, so that whoever deletes it finds both.
        if (output.Bytes is { } bytes)
        {
            _inMemory.Add(key, bytes.TakenBytes);
        }

        _outputs[key] = output;
        if (IsEnded(key.Shuffle))
        {
            Forget(other => other == key);
            _files.Delete(SubdirectoryOf(key.Shuffle));
            CheckNotEnded(key.Shuffle);
        }

        return output.Starts;
    }

    /// <summary>Writes a spill file, laid out like a map output but for the index. It is gone when it is disposed or the process ends.</summary>
    /// <param name="write">Appends all buckets. Called again from the start if a disk failed and there is another one.</param>
    /// <exception cref="IOException">No disk could take it, or the application has ended.</exception>
    internal SpillFile Spill(AppId application, int bucketCount, int shape, Action<ShuffleFileWriter> write)
    {
        using var spill = BeginSpill(application, bucketCount, shape);
        spill.Append(write);
        return spill.Complete()[0];
    }

    /// <summary>Begins spills that all have the same buckets. The caller disposes them.</summary>
    /// <exception cref="IOException">The application has ended.</exception>
    internal GrowingSpill BeginSpill(AppId application, int bucketCount, int shape)
    {
        if (_endedApplications.Contains(application))
        {
            throw new IOException($"A task of {application} does not spill, because the application has ended. It is being cancelled.");
        }

        return new GrowingSpill(_files, $"A spill of {application}", Path.Combine(WorkFiles.NameOf(application), SpillDirectory), bucketCount, shape);
    }

    private StoredOutput? TryWriteInMemory(int bucketCount, int shape, long expectedBytes, Action<ShuffleFileWriter> write)
    {
        if (_inMemory.MaxBytes == 0)
        {
            return null;
        }

        try
        {
            using var writer = new ShuffleFileWriter(bucketCount, shape, expectedBytes);
            write(writer);
            var starts = writer.Complete();
            var bytes = writer.TakeWritten();
            if (!TryMakeRoom(bytes.TakenBytes) || !(_memory?.TryTake(bytes.TakenBytes) ?? true))
            {
                bytes.Release();
                return null;
            }

            return new StoredOutput(Root: "", Path: "", starts, bytes);
        }
        catch (OutputTooLongException)
        {
            return null;
        }
    }

    private StoredOutput MoveToFile(OutputKey key, BucketStarts starts, ReadOnlyMemory<byte> bytes) =>
        _files.Write($"Map output {key.MapIndex} of {key.Shuffle}", SubdirectoryOf(key.Shuffle), (root, directory) =>
        {
            var name = NameOf(key.MapIndex, key.Attempt);
            var path = Path.Combine(directory, name);
            var temporary = Path.Combine(directory, _files.NewTemporaryName(name));
            var charged = 0L;
            try
            {
                File.WriteAllBytes(temporary, bytes.Span);
                _files.Quota.Charge(root, starts.End);
                charged = starts.End;
                File.Move(temporary, path, overwrite: true);
                return new StoredOutput(root, path, starts);
            }
            catch
            {
                WorkFiles.DeleteFile(temporary);
                _files.Quota.Release(root, charged);
                throw;
            }
        });

    // Under the limit of this store.
    private bool TryMakeRoom(int bytes)
    {
        if (bytes > _inMemory.MaxBytes)
        {
            return false;
        }

        while (_inMemory.MustMove(bytes))
        {
            if (MoveOne() is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Moves the oldest outputs to disk until so many bytes are free.</summary>
    /// <returns>Bytes that were freed.</returns>
    private long MoveOldest(long wanted)
    {
        var freed = 0L;
        while (freed < wanted && MoveOne() is { } bytes)
        {
            freed += bytes;
        }

        return freed;
    }

    /// <summary>Makes the oldest output in memory a file. Who holds its bytes reads on meanwhile, and the next reader finds the file.</summary>
    /// <returns>Bytes that were freed; <see langword="null"/> if there is none that could be moved.</returns>
    private long? MoveOne()
    {
        if (!_inMemory.TryTakeOldest(out var oldest, out var bytes))
        {
            return null;
        }

        if (_outputs.TryGetValue(oldest, out var output) && output.Bytes is { } held && held.TryHold())
        {
            try
            {
                Move(oldest, output, held);
            }
            catch (IOException)
            {
                PutBack(oldest, output);
                return null;
            }
            finally
            {
                held.Release();
            }
        }

        _memory?.Return(bytes);
        return bytes;
    }

    private void Move(OutputKey key, StoredOutput output, OutputBytes bytes)
    {
        var moved = MoveToFile(key, output.Starts, bytes.Bytes);
        if (_outputs.TryUpdate(key, moved, output))
        {
            bytes.Release();
        }
        else
        {
            Discard(key, moved);
        }
    }

    // No disk has room. Unless it was forgotten meanwhile, it stays where it is, as the newest one, so that it is not the next to be tried.
    private void PutBack(OutputKey key, StoredOutput output)
    {
        _inMemory.Add(key, output.Bytes!.TakenBytes);
        if (!_outputs.TryGetValue(key, out var current) || current != output)
        {
            Release(key, output);
        }
    }

    private void Discard(OutputKey key, StoredOutput output)
    {
        if (output.Bytes is null)
        {
            WorkFiles.DeleteFile(output.Path);
        }

        Release(key, output);
        output.Bytes?.Release();
    }

    // Ends what it counts for. Whoever takes it out of the list releases its bytes, too.
    private void Release(OutputKey key, StoredOutput output)
    {
        if (output.Bytes is not null)
        {
            // Not known while it is being moved; then the move gives its memory back.
            var bytes = _inMemory.Remove(key);
            _memory?.Return(bytes);
        }
        else
        {
            _files.Quota.Release(output.Root, output.Starts.End);
        }
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static string NameOf(int mapIndex, int attempt) => $"map-{mapIndex}.{attempt}";

    private static string SubdirectoryOf(ShuffleId shuffle) => Path.Combine(WorkFiles.NameOf(shuffle.Application), shuffle.ToString());

    private bool IsEnded(ShuffleId shuffle) => _endedShuffles.Contains(shuffle) || _endedApplications.Contains(shuffle.Application);

    private void CheckNotEnded(ShuffleId shuffle)
    {
        if (IsEnded(shuffle))
        {
            throw new IOException($"{shuffle} of {shuffle.Application} is not written, because it was deleted. Its tasks are being cancelled.");
        }
    }

    private void Forget(Func<OutputKey, bool> isMeant)
    {
        foreach (var key in _outputs.Keys)
        {
            if (isMeant(key) && _outputs.TryRemove(key, out var output))
            {
                Discard(key, output);
            }
        }
    }

    private readonly record struct OutputKey(ShuffleId Shuffle, int MapIndex, int Attempt);

    /// <summary>An output in memory, or a file.</summary>
    /// <param name="Bytes">All bytes of the file that it would be; <see langword="null"/> for a file.</param>
    private sealed record StoredOutput(string Root, string Path, BucketStarts Starts, OutputBytes? Bytes = null);
}
