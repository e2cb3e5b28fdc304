using System.Collections.Concurrent;
using Dpark.Applications;
using Dpark.Storage;

namespace Dpark.Shuffle;

/// <summary>
/// The map outputs of one worker: <c>{directory}/{application}/{shuffle}/map-{index}.{attempt}</c>. Written and read by its tasks, served by its block server.
/// Thread-safe.
/// </summary>
/// <remarks>
/// An output appears whole or not at all: it is written beside, under a temporary name, and renamed. Which outputs there are, and where their buckets start, is
/// kept in memory, 8 bytes per bucket; a worker that restarts is another worker, so nothing is looked for on disk.
/// Spill files have no name: they are deleted while they are open, so that a crash leaves none behind.
/// </remarks>
public sealed class MapOutputFiles
{
    private const int RememberedNames = 4096;
    private const string SpillDirectory = "shuffle-spills";

    private readonly WorkFiles _files;
    private readonly ConcurrentDictionary<OutputKey, StoredOutput> _outputs = new();
    private readonly EndedNames<AppId> _endedApplications = new(RememberedNames);
    private readonly EndedNames<ShuffleId> _endedShuffles = new(RememberedNames);

    /// <summary>Makes a store without outputs.</summary>
    /// <param name="directories">The work directories of this worker, main one first, at least one. They are made when they are first used.</param>
    /// <param name="quota">What may be written below each; <see langword="null"/>: no limit.</param>
    public MapOutputFiles(IReadOnlyList<string> directories, DiskQuota? quota = null) => _files = new WorkFiles(directories, quota);

    /// <summary>Opens some consecutive buckets of one output for reading.</summary>
    /// <param name="bucketCount">At least 1.</param>
    /// <returns><see langword="null"/> if the output is not here. The caller disposes it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The output has no such buckets.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public MapOutputSlice? TryOpen(ShuffleId shuffle, int mapIndex, int attempt, int firstBucket, int bucketCount)
    {
        if (!_outputs.TryGetValue(new OutputKey(shuffle, mapIndex, attempt), out var output))
        {
            return null;
        }

        ArgumentOutOfRangeException.ThrowIfNegative(firstBucket);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bucketCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)firstBucket + bucketCount, output.Offsets.Length - 1, nameof(bucketCount));
        var start = output.Offsets[firstBucket];
        return new MapOutputSlice(Open(output.Path), start, output.Offsets[firstBucket + bucketCount] - start);
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
    /// <param name="write">Appends all buckets. Called again from the start if a disk failed and there is another one.</param>
    /// <returns>Where each bucket starts, and where the last one ends.</returns>
    /// <exception cref="IOException">No disk could take it, or the shuffle was deleted.</exception>
    internal long[] Commit(ShuffleId shuffle, int mapIndex, int attempt, int bucketCount, int shape, Action<ShuffleFileWriter> write)
    {
        CheckNotEnded(shuffle);
        var output = _files.Write($"Map output {mapIndex} of {shuffle}", SubdirectoryOf(shuffle), (root, directory) =>
        {
            var path = Path.Combine(directory, $"map-{mapIndex}.{attempt}");
            var temporary = Path.Combine(directory, _files.NewTemporaryName($"map-{mapIndex}.{attempt}"));
            var charged = 0L;
            try
            {
                var offsets = WriteFile(temporary, bucketCount, shape, write);
                _files.Quota.Charge(root, offsets[^1]);
                charged = offsets[^1];
                File.Move(temporary, path, overwrite: true);
                return new StoredOutput(root, path, offsets);
            }
            catch
            {
                WorkFiles.DeleteFile(temporary);
                _files.Quota.Release(root, charged);
                throw;
            }
        });

        var key = new OutputKey(shuffle, mapIndex, attempt);
        if (_outputs.TryRemove(key, out var earlier))
        {
            _files.Quota.Release(earlier.Root, earlier.Offsets[^1]);
        }

        _outputs[key] = output;
        if (IsEnded(shuffle))
        {
            Forget(other => other == key);
            _files.Delete(SubdirectoryOf(shuffle));
            CheckNotEnded(shuffle);
        }

        return output.Offsets;
    }

    /// <summary>Writes a spill file, laid out like a map output. It is gone when it is disposed or the process ends.</summary>
    /// <param name="write">Appends all buckets. Called again from the start if a disk failed and there is another one.</param>
    /// <exception cref="IOException">No disk could take it.</exception>
    internal SpillFile Spill(AppId application, int bucketCount, int shape, Action<ShuffleFileWriter> write)
    {
        if (_endedApplications.Contains(application))
        {
            throw new IOException($"A task of {application} does not spill, because the application has ended. It is being cancelled.");
        }

        return _files.Write($"A spill of {application}", Path.Combine(WorkFiles.NameOf(application), SpillDirectory), (root, directory) =>
        {
            var path = Path.Combine(directory, _files.NewTemporaryName("spill"));
            try
            {
                var offsets = WriteFile(path, bucketCount, shape, write);
                _files.Quota.Charge(root, offsets[^1]);
                return new SpillFile(Open(path), offsets, () => _files.Quota.Release(root, offsets[^1]));
            }
            finally
            {
                WorkFiles.DeleteFile(path);
            }
        });
    }

    private static long[] WriteFile(string path, int bucketCount, int shape, Action<ShuffleFileWriter> write)
    {
        using var writer = new ShuffleFileWriter(path, bucketCount, shape);
        write(writer);
        return writer.Complete();
    }

    private static Microsoft.Win32.SafeHandles.SafeFileHandle Open(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

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
                WorkFiles.DeleteFile(output.Path);
                _files.Quota.Release(output.Root, output.Offsets[^1]);
            }
        }
    }

    private readonly record struct OutputKey(ShuffleId Shuffle, int MapIndex, int Attempt);

    private sealed record StoredOutput(string Root, string Path, long[] Offsets);
}
