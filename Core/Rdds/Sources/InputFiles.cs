using Dpark.Rdds.Sinks;

namespace Dpark.Rdds.Sources;

/// <summary>Finds the files that a path stands for: the file itself, all files of a directory, or what a pattern matches. Thread-safe.</summary>
/// <remarks>
/// Directories are read recursively. Files and directories whose name begins with a dot or an underscore are skipped, except those that the path itself names. Links are
/// followed, but not around in a circle, and not by <c>**</c>; a link to nothing is skipped. A directory into which a job is moving its output at this moment, or was
/// when its driver was killed, is refused: it has a part of the files. So is one whose files are not those that its <c>_SUCCESS</c> lists, if a job of this engine wrote it.
/// </remarks>
public static class InputFiles
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, RecurseSubdirectories = false };

    /// <summary>Finds the files of one path.</summary>
    /// <param name="path">
    /// A file, a directory, or a pattern with <c>*</c>, <c>?</c>, <c>**</c> (any number of directories), <c>[..]</c> and <c>{a,b}</c>. A relative one starts
    /// at the current directory. A path that exists is never taken as a pattern. A directory that a pattern matches stands for all files in it.
    /// </param>
    /// <param name="extension">What the names of files must end with, unless the path names the file; ordinal. Empty: anything.</param>
    /// <returns>In ordinal order of their full paths, each once. Empty if a directory has no files.</returns>
    /// <exception cref="FileNotFoundException">Nothing is there, or nothing matches.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory cannot be listed.</exception>
    /// <exception cref="IOException">A directory has the output of a job that has not ended, or was killed while it put its files in place.</exception>
    /// <exception cref="ArgumentException">The path is empty, or a pattern is malformed.</exception>
    public static IReadOnlyList<InputFile> Find(string path, string extension = "")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(extension);
        var full = Path.GetFullPath(path);
        if (File.Exists(full))
        {
            return ToInputFile(new FileInfo(full)) is { } file
                ? [file]
                : throw new FileNotFoundException($"There is no file behind the link '{path}' ({full}), but a pipe or a device. Name a file: tasks read its parts.", full);
        }

        var found = new FoundFiles(extension);
        if (Directory.Exists(full))
        {
            found.AddTree(new DirectoryInfo(full), []);
            if (found.Count == 0)
            {
                found.CheckIsComplete(new DirectoryInfo(full));
            }
        }
        else if (GlobPattern.IsPattern(path))
        {
            foreach (var pattern in GlobPattern.ExpandBraces(path))
            {
                AddMatches(pattern, found);
            }

            if (!found.HasMatch)
            {
                throw new FileNotFoundException($"No file matches the pattern '{path}', starting at {Directory.GetCurrentDirectory()}. Check the path and the pattern.", path);
            }
        }
        else
        {
            throw new FileNotFoundException($"There is no file or directory '{path}' ({full}). Check the path; workers read the same paths.", full);
        }

        return found.InOrder();
    }

    private static void AddMatches(string pattern, FoundFiles found)
    {
        var root = Path.GetPathRoot(pattern) ?? "";
        var names = pattern[root.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        var start = root.Length > 0 ? Path.GetFullPath(root) : Directory.GetCurrentDirectory();
        AddMatches(new DirectoryInfo(start), names, found);
    }

    private static void AddMatches(DirectoryInfo directory, ReadOnlySpan<string> names, FoundFiles found)
    {
        if (names.IsEmpty)
        {
            found.AddTree(directory, []);
            return;
        }

        var rest = names[1..];
        if (names[0] == "**")
        {
            AddMatches(directory, rest, found);
            foreach (var child in directory.EnumerateDirectories("*", Everything))
            {
                if (!IsHidden(child) && child.LinkTarget is null)
                {
                    AddMatches(child, names, found);
                }
            }
        }
        else if (!GlobPattern.IsPattern(names[0]))
        {
            AddMatch(Path.GetFullPath(Path.Combine(directory.FullName, names[0])), rest, found);
        }
        else
        {
            var matches = GlobPattern.ForName(names[0]);
            foreach (var entry in directory.EnumerateFileSystemInfos("*", Everything))
            {
                if (matches(entry.Name))
                {
                    AddMatch(entry.FullName, rest, found);
                }
            }
        }
    }

    private static void AddMatch(string path, ReadOnlySpan<string> rest, FoundFiles found)
    {
        if (Directory.Exists(path))
        {
            AddMatches(new DirectoryInfo(path), rest, found);
        }
        else if (rest.IsEmpty && File.Exists(path))
        {
            found.AddFile(new FileInfo(path));
        }
    }

    private static bool IsHidden(FileSystemInfo entry) => GlobPattern.IsHidden(entry.Name);

    /// <returns><see langword="null"/> if the file is a link to nothing.</returns>
    private static InputFile? ToInputFile(FileInfo file)
    {
        var content = file.LinkTarget is null ? file : (FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!;
        return content.Exists ? new InputFile(file.FullName, content.Length) : null;
    }

    /// <summary>Collects files, each path once.</summary>
    private sealed class FoundFiles(string extension)
    {
        private readonly Dictionary<string, InputFile> _files = new(StringComparer.Ordinal);
        private readonly HashSet<string> _complete = new(StringComparer.Ordinal);

        /// <summary>Whether anything matched, also if the extension or the lack of files in a directory left nothing of it.</summary>
        public bool HasMatch { get; private set; }

        public int Count => _files.Count;

        public InputFile[] InOrder() => [.. _files.Values.OrderBy(file => file.Path, StringComparer.Ordinal)];

        public void AddFile(FileInfo file)
        {
            HasMatch = true;
            CheckIsComplete(file.Directory!);
            if (file.Name.EndsWith(extension, StringComparison.Ordinal) && ToInputFile(file) is { } input)
            {
                _files[input.Path] = input;
            }
        }

        // Only if files are read from it, or it was named: before a job puts its files in place, its directory is as good as empty.
        public void CheckIsComplete(DirectoryInfo directory)
        {
            if (!_complete.Add(directory.FullName))
            {
                return;
            }

            if (OutputManifest.TryRead(directory.FullName) is { } listed)
            {
                OutputManifest.Check(directory.FullName, listed);
            }
            else if (directory.EnumerateDirectories(OutputDirectory.StagingPrefix + "*", Everything).FirstOrDefault() is { } staging)
            {
                throw new IOException(
                    $"The files of {directory.FullName} are not all there: a job is putting them in place, or was killed when it did ({staging.Name}). " +
                    "Wait for the job, or delete the directory and run the job again.");
            }
        }

        /// <param name="ancestors">Where the directories above really are.</param>
        public void AddTree(DirectoryInfo directory, HashSet<string> ancestors)
        {
            HasMatch = true;
            var real = directory.LinkTarget is null ? directory.FullName : directory.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
            if (!ancestors.Add(real))
            {
                return;
            }

            foreach (var entry in directory.EnumerateFileSystemInfos("*", Everything))
            {
                if (IsHidden(entry))
                {
                    continue;
                }

                // The entry's own kind does not say what a link leads to.
                if (Directory.Exists(entry.FullName))
                {
                    AddTree(new DirectoryInfo(entry.FullName), ancestors);
                }
                else if (File.Exists(entry.FullName))
                {
                    AddFile(new FileInfo(entry.FullName));
                }
            }

            ancestors.Remove(real);
        }
    }
}
