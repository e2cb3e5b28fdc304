namespace Dpark.Tests.Process;

/// <summary>A directory of one test, deleted with it.</summary>
internal sealed class TestDirectory : IDisposable
{
    public TestDirectory()
    {
        Path = Directory.CreateTempSubdirectory("dpark-process-").FullName;
        Directory.CreateDirectory(WorkPath);
    }

    public string Path { get; }

    /// <summary>Where programs have their work directories. Exists, so that a test can see that it is empty at the end.</summary>
    public string WorkPath => PathOf("work");

    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file, with the directories above it.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, string text)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
