namespace Dpark.Rdds.Sinks;

/// <summary>
/// A directory that a job fills with one file per partition, all or nothing. Used by the driver; tasks write below <see cref="StagingPath"/>, so the directory
/// must be on this machine or on a file system that it shares with the workers.
/// </summary>
/// <remarks>
/// <para>Attempts write in a hidden directory inside the target, each a file with a name of its own, so that two attempts for one partition never meet. When all
/// partitions are done, <see cref="Commit"/> moves the file of each accepted attempt up, under its final name, then the <see cref="OutputManifest"/>, and deletes the
/// hidden directory with what others have left there. Until then the target looks empty to whoever skips hidden names, as our own sources do.</para>
/// <para>When the job fails or is cancelled, <see cref="Abandon"/> deletes the hidden directory, and the target if it was made for the job. A straggling
/// attempt then fails, because its directory is gone.</para>
/// <para>A driver that is killed leaves the hidden directory behind: before the commit with nothing visible beside it, during the commit with complete files, but not
/// all. A second job refuses the target then, and our own sources refuse to read it while files are visible beside a hidden directory, unless there is a manifest:
/// that one is put in place when everything else is.</para>
/// <para>A job that may overwrite deletes what an earlier one has left just before it moves its own files, so a crash before that leaves the earlier output, and a crash
/// in the few moments between leaves a directory that is refused. It deletes nothing but files that jobs write.</para>
/// </remarks>
internal sealed class OutputDirectory
{
    /// <summary>How the name of the hidden directory begins.</summary>
    public const string StagingPrefix = ".dpark-";

    private const int DeleteAttempts = 10;
    private const int UniqueLength = 33;

    private readonly string _path;
    private readonly string? _firstCreated;
    private readonly List<string> _placed = [];

    private OutputDirectory(string path, string? firstCreated)
    {
        _path = path;
        _firstCreated = firstCreated;
        StagingPath = Path.Combine(path, $"{StagingPrefix}{Guid.NewGuid():N}");
        Directory.CreateDirectory(StagingPath);
    }

    /// <summary>Where attempts write.</summary>
    public string StagingPath { get; }

    /// <summary>A name for one attempt to write a file.</summary>
    /// <param name="name">The name that it gets by <see cref="Commit"/>.</param>
    public static string NewStagedName(string name) => $"{Guid.NewGuid():N}-{name}";

    /// <summary>Takes a directory that is empty or not there yet.</summary>
    /// <param name="overwrite">Take one with the output of a job, too.</param>
    /// <exception cref="IOException">It has other entries, also hidden ones, or is a file.</exception>
    public static OutputDirectory Create(string path, bool overwrite = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            throw new IOException($"The output directory {full} is a file. Name a directory that is empty or does not exist.");
        }

        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).FirstOrDefault(entry => !overwrite || !IsOutput(entry)) is { } entry)
        {
            var name = Path.GetFileName(entry);
            throw new IOException(
                overwrite
                    ? $"The output directory {full} has {name}, which no job wrote, so it is not overwritten. Name another directory, or delete what is there."
                    : $"The output directory {full} is not empty; it has {name}. Name one that is empty or does not exist, allow to overwrite, or delete what is there.");
        }

        string? firstCreated = null;
        for (var directory = full; directory is not null && !Directory.Exists(directory); directory = Path.GetDirectoryName(directory))
        {
            firstCreated = directory;
        }

        Directory.CreateDirectory(full);
        return new OutputDirectory(full, firstCreated);
    }

    /// <summary>Moves the finished files to their place, and says that they are all there.</summary>
    /// <param name="files">Files in <see cref="StagingPath"/>, in the order of the partitions.</param>
    /// <returns>Their full paths, in the same order.</returns>
    /// <exception cref="IOException">A file is not as its attempt left it, or cannot be moved.</exception>
    public string[] Commit(IReadOnlyList<StagedFile> files)
    {
        OutputFile[] listed = [.. files.Select(file => new OutputFile(FinalName(file.Name), file.Bytes))];
        OutputManifest.Check(StagingPath, [.. files.Select(file => new OutputFile(file.Name, file.Bytes))]);
        var manifest = Path.Combine(StagingPath, OutputManifest.Name);
        OutputManifest.Write(manifest, listed);
        DeleteEarlier();
        var paths = new string[files.Count];
        for (var i = 0; i < paths.Length; i++)
        {
            paths[i] = Path.Combine(_path, listed[i].Name);
            Place(Path.Combine(StagingPath, files[i].Name), paths[i]);
        }

        Place(manifest, Path.Combine(_path, OutputManifest.Name));
        DeleteTree(StagingPath);
        return paths;
    }

    /// <summary>Leaves nothing of the job. What an earlier one left stays, unless it was being replaced already.</summary>
    public void Abandon()
    {
        _placed.ForEach(File.Delete);

        // A directory above may have got other entries in the meantime, which are not ours.
        DeleteTree(StagingPath);
        for (var directory = _path; _firstCreated is not null && directory is not null && directory.Length >= _firstCreated.Length;)
        {
            if (Directory.EnumerateFileSystemEntries(directory).Any())
            {
                break;
            }

            Directory.Delete(directory);
            directory = Path.GetDirectoryName(directory);
        }
    }

    private static bool IsOutput(string entry)
    {
        var name = Path.GetFileName(entry.AsSpan());
        return name.StartsWith(StagingPrefix, StringComparison.Ordinal)
            || (File.Exists(entry) && (name.StartsWith("part-", StringComparison.Ordinal) || name.SequenceEqual(OutputManifest.Name)));
    }

    private void Place(string staged, string path)
    {
        File.Move(staged, path);
        _placed.Add(path);
    }

    // The manifest first: from then on the rest is known to be incomplete.
    private void DeleteEarlier()
    {
        File.Delete(Path.Combine(_path, OutputManifest.Name));
        foreach (var entry in Directory.GetFileSystemEntries(_path).Where(entry => entry != StagingPath && IsOutput(entry)))
        {
            if (Directory.Exists(entry))
            {
                DeleteTree(entry);
            }
            else
            {
                File.Delete(entry);
            }
        }
    }

    private static string FinalName(string stagedName) => stagedName[UniqueLength..];

    /// <summary>Deletes a directory in which attempts that do not know yet that they were cancelled may still create files.</summary>
    private static void DeleteTree(string path)
    {
        for (var attempt = 1; Directory.Exists(path); attempt++)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException) when (attempt < DeleteAttempts)
            {
            }
        }
    }
}
