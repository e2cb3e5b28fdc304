using Dpark.Rdds.Sources;

namespace WordCount;

/// <summary>Finds the files to read, and checks them, so that wrong input is told before anything starts.</summary>
internal static class TextInput
{
    private const string RepositoryFile = "Dpark.Orleans.sln";

    /// <summary>The files that paths stand for, in the order of the paths; a file that two paths name counts twice.</summary>
    /// <param name="paths">Empty: the Markdown files of this repository.</param>
    /// <exception cref="WrongInputException">There is nothing to read, or it cannot be read.</exception>
    public static IReadOnlyList<InputFile> Find(IReadOnlyList<string> paths)
    {
        InputFile[] files = paths.Count > 0 ? [.. paths.SelectMany(path => FindOne(path))] : FindOne(RepositoryRoot(), ".md");
        foreach (var file in files)
        {
            CheckReadable(file.Path);
        }

        return files;
    }

    private static InputFile[] FindOne(string path, string extension = "")
    {
        try
        {
            InputFile[] files = [.. InputFiles.Find(path, extension)];
            return files.Length > 0 ? files : throw new WrongInputException($"The directory '{path}' has no files. Hidden entries are not counted.");
        }
        catch (ArgumentException e)
        {
            var reason = e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal);
            throw new WrongInputException($"The path '{path}' cannot be used. {reason}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WrongInputException(e.Message);
        }
    }

    // Builds are below the root of the repository, so it is found from wherever the program is started.
    private static string RepositoryRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, RepositoryFile)))
            {
                return directory.FullName;
            }
        }

        throw new WrongInputException($"This program is not in its repository: {RepositoryFile} is in no directory above {AppContext.BaseDirectory}. Name a path.");
    }

    private static void CheckReadable(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (!file.CanSeek)
            {
                throw new WrongInputException($"'{path}' is a pipe or a device. Name a file: its parts are read by several tasks.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new WrongInputException($"The file '{path}' cannot be read: {e.Message}");
        }
    }
}
