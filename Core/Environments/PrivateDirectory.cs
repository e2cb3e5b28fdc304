namespace Dpark.Environments;

/// <summary>Makes directories that only the user of the process can enter: what tasks leave there is theirs.</summary>
internal static class PrivateDirectory
{
    /// <summary>Makes it if it is missing, with those above it.</summary>
    /// <exception cref="IOException">It cannot be made, or is a file.</exception>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
