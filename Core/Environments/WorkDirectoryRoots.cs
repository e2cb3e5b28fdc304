using Dpark.Configuration;
using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

/// <summary>Which roots a process keeps its directories under.</summary>
internal static partial class WorkDirectoryRoots
{
    /// <summary>Separated by commas; counts if the options name no root.</summary>
    public const string Variable = "DPARK_WORK_DIR";

    /// <summary>The roots in order, as absolute paths, each once. At least one.</summary>
    /// <param name="variable">Value of <see cref="Variable"/>; <see langword="null"/> if it is not set.</param>
    public static List<string> List(WorkDirectoryOptions options, string? variable, ILogger logger)
    {
        var roots = Split(options.Roots);
        if (roots.Count == 0 && variable is not null)
        {
            roots = Split([variable]);
        }

        if (roots.Count == 0)
        {
            var temporary = Path.GetTempPath();
            LogTemporary(logger, temporary, Variable);
            roots.Add(Path.GetFullPath(temporary));
        }

        return roots;
    }

    /// <summary>Makes a root if it is missing, open to all users of the machine whatever the umask says.</summary>
    /// <exception cref="IOException">It cannot be made, or is a file.</exception>
    public static void Make(string root)
    {
        if (Directory.Exists(root))
        {
            return;
        }

        Directory.CreateDirectory(root);
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Everybody = (UnixFileMode)0b111_111_111;
            File.SetUnixFileMode(root, Everybody);
        }
    }

    private static List<string> Split(IEnumerable<string> entries)
    {
        List<string> roots = [];
        foreach (var entry in entries)
        {
            foreach (var part in entry.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var root = Path.GetFullPath(part);
                if (!roots.Contains(root))
                {
                    roots.Add(root);
                }
            }
        }

        return roots;
    }

    [LoggerMessage(
        LogLevel.Warning,
        "No work directories are configured, so {Directory} is used. " +
        "Set Dpark:WorkDirectory:Roots or {Variable} to directories on large, fast disks.")]
    private static partial void LogTemporary(ILogger logger, string directory, string variable);
}
