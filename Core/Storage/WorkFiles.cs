using Dpark.Applications;
using Dpark.Environments;

namespace Dpark.Storage;

/// <summary>Where one worker puts files: over its work directories in turn, and on the next one if a disk is full or gone. Thread-safe.</summary>
/// <param name="directories">Main one first, at least one. They are made when they are first used.</param>
/// <param name="quota">What may be written below each; <see langword="null"/>: no limit.</param>
internal sealed class WorkFiles(IReadOnlyList<string> directories, DiskQuota? quota = null)
{
    private static readonly System.Buffers.SearchValues<char> NameCharacters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");

    private readonly IReadOnlyList<string> _directories = directories.Count > 0
        ? directories
        : throw new ArgumentException("A worker needs at least one work directory.", nameof(directories));

    private int _turn;
    private long _temporaryNames;

    /// <summary>What may be written below each directory.</summary>
    public DiskQuota Quota { get; } = quota ?? new DiskQuota(0);

    /// <summary>Calls <paramref name="write"/> with a directory that exists, and again with another one if it throws <see cref="IOException"/>.</summary>
    /// <param name="what">What is written, for the error.</param>
    /// <param name="subdirectory">Below the work directory.</param>
    /// <param name="write">Gets the work directory and the directory below it. Leaves nothing behind when it throws.</param>
    /// <exception cref="IOException">No directory could take it; the message names each with its reason.</exception>
    public T Write<T>(string what, string subdirectory, Func<string, string, T> write)
    {
        var first = (int)((uint)Interlocked.Increment(ref _turn) % (uint)_directories.Count);
        var failures = new List<Exception>();
        var reasons = new List<string>();
        for (var i = 0; i < _directories.Count; i++)
        {
            var root = _directories[(first + i) % _directories.Count];
            var directory = Path.Combine(root, subdirectory);
            try
            {
                if (Quota.IsFull(root))
                {
                    Quota.ThrowFull(root);
                }

                // It may have been removed under the worker; what tasks keep there is not for others to read.
                PrivateDirectory.Make(root);
                Directory.CreateDirectory(directory);
                return write(root, directory);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                failures.Add(failure);
                reasons.Add($"{directory}: {failure.Message}");
            }
        }

        throw new IOException(
            $"{what} could not be written to any work directory ({string.Join("; ", reasons)}). Free space there, or add a directory.",
            new AggregateException(failures));
    }

    /// <summary>Writes more to a file that is there.</summary>
    /// <param name="root">The work directory that has it.</param>
    /// <returns><see langword="false"/> if that is full or fails. Whichever directory takes it then says so; if none does, all reasons are told: <see cref="Write"/>.</returns>
    public bool TryGoOn(string root, Action write)
    {
        try
        {
            if (Quota.IsFull(root))
            {
                return false;
            }

            write();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A file name that this process does not use otherwise.</summary>
    public string NewTemporaryName(string prefix) => $"{prefix}.{Interlocked.Increment(ref _temporaryNames)}.temp";

    /// <summary>Deletes a subdirectory with everything in it under every work directory. What cannot be deleted stays until the worker's clean-up.</summary>
    public void Delete(string subdirectory)
    {
        foreach (var directory in _directories)
        {
            try
            {
                Directory.Delete(Path.Combine(directory, subdirectory), recursive: true);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // It is not there, or a task is writing into it at this moment and removes its own files when it sees that they are unwanted.
            }
        }
    }

    /// <summary>Names of the directories below a subdirectory, over all work directories.</summary>
    public IEnumerable<string> Subdirectories(string subdirectory, string pattern) => _directories
        .Select(directory => Path.Combine(directory, subdirectory))
        .Where(Directory.Exists)
        .SelectMany(directory => Directory.GetDirectories(directory, pattern))
        .Select(directory => Path.GetFileName(directory))
        .Distinct();

    /// <summary>Deletes a file, if it is there.</summary>
    public static void DeleteFile(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The worker's clean-up deletes the directory.
        }
    }

    /// <summary>The directory name of an application.</summary>
    /// <exception cref="ArgumentException">The id has other characters than an id has: it came from outside and may be a path.</exception>
    public static string NameOf(AppId application) => Checked(application.Value);

    /// <summary>A file name that came from outside.</summary>
    /// <exception cref="ArgumentException">It has other characters than letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, starts with a dot or is too long.</exception>
    public static string Checked(string? name)
    {
        if (name is null || name.Length is 0 or > 200 || name[0] == '.' || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw new ArgumentException(
                $"'{name}' is not a name of an application or a block. Use 1 to 200 letters, digits, '-', '_' and '.', not starting with a dot.");
        }

        return name;
    }
}
