using Dpark.Tests.Process.Clusters;

namespace Dpark.Tests.Process.Documents;

/// <summary>The README is true: its programs compile, run and print what it says, and the paths that it names exist.</summary>
public sealed class ReadmeTests : IDisposable
{
    private static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    private readonly TestDirectory _directory = new();

    public static TheoryData<int> SnippetIndexes => [.. Enumerable.Range(0, ReadmeSnippet.ReadAll(Readme).Count)];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(SnippetIndexes))]
    public async Task Snippet_AsItStands_CompilesAndPrintsWhatTheReadmeSays(int index)
    {
        var snippet = ReadmeSnippet.ReadAll(Readme)[index];
        var name = $"ReadmeSnippet{index}";
        var assembly = Path.Combine(AppContext.BaseDirectory, $"{name}.dll");
        _directory.Write("books/one.txt", "the cat and the dog\n");
        _directory.Write("books/two.txt", "the bird\nand the cat\n");
        try
        {
            snippet.Compile(assembly);

            using var program = WordCountProgram.StartCommand(_directory, ReadmeSnippet.CommandOf(assembly));
            var result = await program.WaitAsync();

            Assert.True(result.ExitCode == 0, $"The code at line {snippet.Line} of README.md failed: {result.Errors}");
            var said = WithoutLogs(result.Output);
            Assert.Equal(snippet.Output ?? said, said);
            Assert.Empty(Directory.GetFileSystemEntries(_directory.WorkPath));
        }
        finally
        {
            File.Delete(assembly);
        }
    }

    /// <summary>What a program printed itself. An actor runtime may log errors to the console when its host stops.</summary>
    private static string WithoutLogs(string output)
    {
        var isLog = false;
        return string.Concat(output.Split('\n').Where(line =>
        {
            isLog = line.StartsWith("fail: Orleans.", StringComparison.Ordinal) || (isLog && line.StartsWith("      ", StringComparison.Ordinal));
            return !isLog;
        }).Select((line, index) => index == 0 ? line : $"\n{line}"));
    }

    [Fact]
    public void Readme_Programs_AreThere() => Assert.InRange(SnippetIndexes.Count, 3, 20);

    [Fact]
    public async Task Commands_OfPrograms_HaveOptionsThatThereAre()
    {
        string[] commands = [.. Readme.Split('\n').Select(line => line.TrimStart('$', ' ')).Where(line => line.StartsWith("dotnet run ", StringComparison.Ordinal))];
        var silo = (await ChildSilo.RunAsync("--help")).Output;
        var wordCount = (await WordCountProgram.RunAsync(_directory, "--help")).Output;

        Assert.True(commands.Length > 5, $"Only {commands.Length} commands.");
        foreach (var command in commands)
        {
            var words = command.Split(' ');
            var project = words[Array.IndexOf(words, "--project") + 1];
            Assert.True(Directory.Exists(Path.Combine(Repository.Root, project)), $"'{command}' names {project}, which is not there.");
            var help = project == "Silo" ? silo : project == "samples/WordCount" ? wordCount : null;
            var options = command.Contains(" -- ", StringComparison.Ordinal) && help is not null ? command[command.IndexOf(" -- ", StringComparison.Ordinal)..].Split(' ') : [];
            Assert.All(options.Where(word => word.StartsWith("--", StringComparison.Ordinal) && word.Length > 2), option => Assert.Contains($"{option} ", help, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("docs")]
    [InlineData("README.md")]
    public void Links_OfDocuments_LeadToFiles(string place)
    {
        var path = Path.Combine(Repository.Root, place);
        string[] documents = Directory.Exists(path) ? Directory.GetFiles(path, "*.md", SearchOption.AllDirectories) : [path];

        var broken = documents.SelectMany(document => MarkdownLinks.In(File.ReadAllText(document))
            .Where(link => !Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, link)))
            .Select(link => $"{document}: {link}"));

        Assert.Empty(broken);
    }
}
