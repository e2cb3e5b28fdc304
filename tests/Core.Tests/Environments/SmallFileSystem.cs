using System.Diagnostics;

namespace Dpark.Environments;

/// <summary>A real file system in memory with little room, mounted on a directory of its own.</summary>
internal sealed class SmallFileSystem : IDisposable
{
    private static readonly Lazy<bool> Mountable = new(TryMount);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-small-");

    public SmallFileSystem(int bytes)
    {
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={bytes}", "none", Path))
        {
            _directory.Delete();
            throw new InvalidOperationException($"No file system could be mounted on {Path}.");
        }
    }

    /// <summary>Whether this process may mount one: it must be root on Linux, with the right to.</summary>
    public static bool IsAvailable => Mountable.Value;

    public string Path => _directory.FullName;

    public void MakeReadOnly()
    {
        if (!Run("mount", "-o", "remount,ro", Path))
        {
            throw new InvalidOperationException($"{Path} could not be made read-only.");
        }
    }

    public void Dispose()
    {
        Run("umount", "-l", Path);
        _directory.Delete();
    }

    private static bool TryMount()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            using var system = new SmallFileSystem(1 << 20);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A test on a small file system; skipped where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute()
    {
        if (!SmallFileSystem.IsAvailable)
        {
            Skip = "Mounting a file system needs Linux, root and the right to mount.";
        }
    }
}
