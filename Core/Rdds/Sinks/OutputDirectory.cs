namespace Dpark.Rdds.Sinks;

/// <summary>
/// A directory that a job fills with one file per partition, all or nothing. Used by the driver; tasks write below <see cref="StagingPath"/>, so the directory
/// must be on this machine or on a file system that it shares with the workers.
/// </summary>
/// <remarks>
/// <para>Attempts write in a hidden directory inside the target, each a file with a name of its own, so that two attempts for one partition never meet. When all
/// partitions are done, <see cref="Commit"/> moves the file of each accepted attempt up, under its final name, and deletes the hidden directory with what
/// others have left there. Until then the target looks empty to whoever skips hidden names, as our own sources do.</para>
/// <para>When the job fails or is cancelled, <see cref="Abandon"/> deletes the hidden directory, and the target if it was made for the job. A straggling
/// attempt then fails, because its directory is gone.</para>
/// <para>A driver that is killed leaves the hidden directory behind: before the commit with nothing visible beside it, during the commit with complete files, but not
/// all. A second job refuses the target then, and our own sources refuse to read it while files are visible beside a hidden directory.</para>
/// </remarks>
internal sealed class OutputDirectory
{
    /// <summary>How the name of the hidden directory begins.</summary>
    public const string StagingPrefix = ".dpark-";

    private const int DeleteAttempts = 10;
    private const int UniqueLength = 33;

    private readonly string _path;
    private readonly string? _firstCreated;

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
    /// <exception cref="IOException">It has entries, also hidden ones, or is a file.</exception>
    public static OutputDirectory Create(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            throw new IOException($"The output directory {full} is a file. Name a directory that is empty or does not exist.");
        }

        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).FirstOrDefault() is { } entry)
        {
            throw new IOException(
                $"The output directory {full} is not empty; it has {Path.GetFileName(entry)}. Name one that is empty or does not exist, or delete what is there.");
        }

        string? firstCreated = null;
        for (var directory = full; directory is not null && !Directory.Exists(directory); directory = Path.GetDirectoryName(directory))
        {
            firstCreated = directory;
        }

        Directory.CreateDirectory(full);
        return new OutputDirectory(full, firstCreated);
    }

    /// <summary>Moves the finished files to their place.</summary>
    /// <param name="names">Names of files in <see cref="StagingPath"/>, from <see cref="NewStagedName"/>.</param>
    /// <returns>Their full paths, in the same order.</returns>
    public string[] Commit(IReadOnlyList<string> names)
    {
        var paths = new string[names.Count];
        for (var i = 0; i < paths.Length; i++)
        {
            paths[i] = Path.Combine(_path, FinalName(names[i]));
            File.Move(Path.Combine(StagingPath, names[i]), paths[i]);
        }

        DeleteTree(StagingPath);
        return paths;
    }

    /// <summary>Leaves nothing of the job.</summary>
    /// <param name="committed">Names of files that may have been moved already.</param>
    public void Abandon(IReadOnlyList<string> committed)
    {
        foreach (var name in committed)
        {
            File.Delete(Path.Combine(_path, FinalName(name)));
        }

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
