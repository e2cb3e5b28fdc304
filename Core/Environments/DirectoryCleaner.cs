namespace Dpark.Environments;

/// <summary>Deletes directory trees that others may still write to. Never follows a symbolic link: a link is deleted, what it leads to stays.</summary>
internal static class DirectoryCleaner
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Deletes a directory again and again until it is gone.</summary>
    /// <param name="maxAttempts">After so many failures it gives up.</param>
    /// <returns>Why it is still there; <see langword="null"/> if it is gone.</returns>
    public static Exception? Delete(string path, int maxAttempts)
    {
        Exception? failure = null;
        for (var attempt = 0; attempt < maxAttempts; attempt++)
        {
            if (attempt > 0)
            {
                // Whoever writes into the directory is ending; it needs the processor for that.
                Thread.Sleep(Pause);
            }

            try
            {
                if (!TryDelete(path))
                {
                    return null;
                }
            }
            catch (DirectoryNotFoundException)
            {
                // Somebody else deleted a part of it at the same time.
            }
            catch (UnauthorizedAccessException e)
            {
                failure = e;
                MakeWritable(path);
            }
            catch (IOException e)
            {
                failure = e;
            }
        }

        return Path.Exists(path) ? failure ?? new IOException($"{path} comes back again and again.") : null;
    }

    /// <returns><see langword="false"/> if there is nothing to delete.</returns>
    private static bool TryDelete(string path)
    {
        var info = new DirectoryInfo(path);
        if (info.LinkTarget is not null)
        {
            info.Delete();
            return true;
        }

        if (!info.Exists)
        {
            return false;
        }

        // It deletes links in the tree, not what they lead to.
        info.Delete(recursive: true);
        return true;
    }

    /// <summary>Gives directories back the rights that a task took from them.</summary>
    private static void MakeWritable(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var child in Directory.EnumerateDirectories(path))
            {
                if (new DirectoryInfo(child).LinkTarget is null)
                {
                    MakeWritable(child);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next attempt to delete tells the reason.
        }
    }
}
