using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dpark.Environments;

/// <summary>
/// Says under a root to which process the directory of a run belongs. It lies beside the directory, is written before it and deleted after it, so
/// that whatever a process leaves behind when it is killed has an owner. Not thread-safe.
/// </summary>
/// <remarks>
/// The owner keeps the file locked while it lives. Somebody else deletes the directory only if it gets the lock, which two cleaners cannot both do,
/// and if the owner is a process of this machine that is gone, or has not touched the file for long.
/// </remarks>
internal sealed class OwnerFile : IDisposable
{
    /// <summary>What the name of the directory is followed by.</summary>
    public const string Suffix = ".dpark-owner";

    /// <summary>What it is followed by while it is written.</summary>
    public const string UnfinishedSuffix = "-new";

    // Longer than any identity; a larger file is something else.
    private const int MaxBytes = 4096;

    private readonly FileStream _stream;

    private OwnerFile(string path, FileStream stream)
    {
        Path = path;
        _stream = stream;
    }

    public string Path { get; }

    /// <summary>The directory that it speaks for.</summary>
    public string Directory => Path[..^Suffix.Length];

    /// <summary>Whether the file has its name still.</summary>
    public bool IsThere => File.Exists(Path);

    /// <summary>Makes and locks the owner file of a directory.</summary>
    /// <exception cref="IOException">It exists, or cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The root is read-only.</exception>
    public static OwnerFile Create(string directory, ProcessIdentity owner)
    {
        var path = directory + Suffix;

        // Elsewhere than on Windows a file exists before it is locked, and a cleaner could come between. So it gets its name when it is locked and complete;
        // the lock stays, because it belongs to the file and not to the name.
        var first = OperatingSystem.IsWindows() ? path : path + UnfinishedSuffix;
        var stream = new FileStream(first, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        try
        {
            stream.Write(Encoding.UTF8.GetBytes(owner.Format()));
            stream.Flush();
            if (first != path)
            {
                File.Move(first, path);
            }

            return new(path, stream);
        }
        catch
        {
            stream.Dispose();
            File.Delete(first);
            throw;
        }
    }

    /// <summary>Whether a directory has an owner file, complete or not.</summary>
    public static bool IsTaken(string directory) =>
        // In the order in which the names come and go, so that one which is just being finished is not missed.
        System.IO.Path.Exists(directory + Suffix + UnfinishedSuffix) || System.IO.Path.Exists(directory + Suffix);

    /// <summary>Locks the owner file of a process that is gone for good.</summary>
    /// <param name="oldest">When a process that lives must have touched it last, whatever the file says and of whichever machine it is.</param>
    /// <returns>
    /// <see langword="false"/> if the owner lives, is of another machine, or cannot be told; or if somebody else is deleting the directory. Then
    /// nobody may touch it.
    /// </returns>
    public static bool TryTakeOver(string path, DateTime oldest, [NotNullWhen(true)] out OwnerFile? file)
    {
        file = null;
        FileStream? stream = null;
        try
        {
            stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            if (File.GetLastWriteTimeUtc(path) >= oldest && (stream.Length > MaxBytes || !IsGone(Read(stream))))
            {
                stream.Dispose();
                return false;
            }

            file = new(path, stream);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            return false;
        }
    }

    /// <summary>Deletes what is left of a process that was killed while it made its owner file: there is no directory yet.</summary>
    /// <param name="oldest">When it must have been written last.</param>
    public static void DeleteUnfinished(string path, DateTime oldest)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            if (File.GetLastWriteTimeUtc(path) < oldest)
            {
                File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is being made, or somebody else deletes it.
        }
    }

    /// <summary>Says that the owner lives.</summary>
    public void Touch(DateTime now) => File.SetLastWriteTimeUtc(Path, now);

    /// <summary>Deletes the file and gives the lock back. The directory is gone by then.</summary>
    public void Delete()
    {
        File.Delete(Path);
        _stream.Dispose();
    }

    /// <summary>Gives the lock back and leaves the file, for a later clean-up.</summary>
    public void Dispose() => _stream.Dispose();

    private static string Read(FileStream stream)
    {
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static bool IsGone(string text)
    {
        if (!ProcessIdentity.TryParse(text, out var owner) || !owner.IsOfThisMachine)
        {
            return false;
        }

        // Ids of another container mean nothing here, and those from before a restart are over. In both cases the lock, which we have, has told already.
        return !owner.IsOfThisBootAndNamespace || !owner.IsRunning;
    }
}
