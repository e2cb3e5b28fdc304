using System.Globalization;
using System.Text;

namespace Dpark.Rdds.Sinks;

/// <summary>
/// The file that says that a directory has all files of a job, and which: <see cref="Name"/>, put in place last. Other tools look for its name only, and write it empty.
/// <c>docs/formats/output-directory.md</c> states it.
/// </summary>
internal static class OutputManifest
{
    /// <summary>What Hadoop and Spark call theirs, too.</summary>
    public const string Name = "_SUCCESS";

    private const string Header = "dpark-output 1";
    private const char End = '.';

    /// <summary>Writes one.</summary>
    public static void Write(string path, IEnumerable<OutputFile> files)
    {
        var text = new StringBuilder(Header).Append('\n');
        foreach (var file in files)
        {
            text.Append(CultureInfo.InvariantCulture, $"{file.Bytes} {file.Name}\n");
        }

        File.WriteAllText(path, text.Append(End + "\n").ToString());
    }

    /// <summary>Reads the one of a directory.</summary>
    /// <returns>The files in the order of the partitions; <see langword="null"/> if there is none, or it is of another tool.</returns>
    /// <exception cref="IOException">It is damaged.</exception>
    public static OutputFile[]? TryRead(string directory)
    {
        var path = Path.Combine(directory, Name);
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        if (lines.Length == 0 || lines[0] != Header)
        {
            return null;
        }

        var files = new OutputFile[Math.Max(lines.Length - 2, 0)];
        var isWhole = lines.Length >= 2 && lines[^1].Length == 1 && lines[^1][0] == End;
        for (var i = 0; i < files.Length && isWhole; i++)
        {
            var line = lines[i + 1];
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            isWhole = space > 0 && space + 1 < line.Length && long.TryParse(line.AsSpan(0, space), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
                && Path.GetFileName(line.AsSpan(space + 1)).Length == line.Length - space - 1
                && Set(ref files[i], new(line[(space + 1)..], bytes));
        }

        return isWhole ? files : throw new IOException(
            $"{path} is damaged, so it cannot be told whether the files beside it are all there. Restore it, or delete the directory and run the job again.");
    }

    /// <summary>Compares a directory with its manifest.</summary>
    /// <exception cref="IOException">A file is missing, or has another length.</exception>
    public static void Check(string directory, OutputFile[] files)
    {
        foreach (var file in files)
        {
            var found = new FileInfo(Path.Combine(directory, file.Name));
            if (!found.Exists || found.Length != file.Bytes)
            {
                var what = found.Exists ? $"has {found.Length} bytes instead of {file.Bytes}" : "is not there";
                throw new IOException(
                    $"The files of {directory} are not as the job left them: {file.Name} {what}. Restore it, or delete {Name} beside it if that is meant so.");
            }
        }
    }

    private static bool Set(ref OutputFile target, OutputFile file)
    {
        target = file;
        return true;
    }
}
