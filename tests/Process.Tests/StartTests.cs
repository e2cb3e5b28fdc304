using System.Globalization;
using System.Reflection.PortableExecutable;

namespace Dpark.Tests.Process;

/// <summary>
/// What a program of this repository compiles before its first result, though the build could have: the lists in <c>eng/ReadyToRun</c> name to the build what it does not
/// find by itself, and are out of date when much else is compiled, or when they name what is no more.
/// </summary>
public sealed class StartTests
{
    // Emitted proxies, the program's own code, and what the compiler cannot compile ahead are about 165.
    private const int MaxCompiledCount = 300;

    // Of 4,000; the rest is what was renamed since they were recorded.
    private const int MaxUnknownCount = 400;

    private static readonly string Folder = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Workloads", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))));

    // Each takes a millisecond or two, and a first job needs none of them.
    private static readonly string[] Needless =
    [
        "Microsoft.Extensions.FileProviders.Physical", "Microsoft.Extensions.Configuration.Binder", "Microsoft.Extensions.Diagnostics", "System.Data.Common",
        "System.Diagnostics.Process", "System.Net.Http", "System.Net.NameResolution", "System.Private.Xml.Linq", "System.Text.RegularExpressions",
    ];

    [Fact]
    public async Task Start_LocalRun_LoadsNoAssemblyThatOnlyOthersNeed()
    {
        using var directory = new TestDirectory();
        using var program = StartChild(directory);

        var result = await program.WaitAsync();

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Empty(result.OutputLines[2].Split(' ').Intersect(Needless));
    }

    [Fact]
    public async Task Start_ProgramOfTheBuild_CompilesFewMethods()
    {
        if (!IsCompiled(Path.Combine(Folder, "Dpark.Orleans.Silo.dll")))
        {
            // Without the compiler of images, everything is compiled at the start.
            return;
        }

        using var directory = new TestDirectory();
        using var program = StartChild(directory);

        var result = await program.WaitAsync();

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("499500", result.OutputLines[0]);
        var compiledCount = int.Parse(result.OutputLines[1], CultureInfo.InvariantCulture);
        Assert.True(
            compiledCount <= MaxCompiledCount,
            $"{compiledCount} methods were compiled before the first result, at most {MaxCompiledCount} should be. Run eng/ReadyToRun/record-start.sh and look at what it adds.");
    }

    [Fact]
    public async Task ListsOfMethods_Recorded_NameWhatThereIs()
    {
        if (!IsCompiled(Path.Combine(Folder, "Dpark.Orleans.Silo.dll")))
        {
            return;
        }

        using var directory = new TestDirectory();
        var bin = Path.Combine(Folder, "..", "..");
        var lists = Path.Combine(bin, "..", "..", "eng", "ReadyToRun");
        using var program = WordCountProgram.StartCommand(
            directory,
            [
                WordCountProgram.Host, Path.Combine(bin, "StartMethods", Path.GetFileName(Folder), "Dpark.Orleans.StartMethods.dll"), "--whole",
                string.Join(';', Directory.GetFiles(lists, "*-methods.txt")), Path.Combine(directory.Path, "profile"), .. Directory.GetFiles(Folder, "Dpark.Orleans.*.dll"),
            ]);

        var result = await program.WaitAsync();

        // "N methods, N names that mean nothing here."
        Assert.True(result.ExitCode == 0, result.ToString());
        var words = result.OutputLines[0].Split(' ');
        Assert.InRange(int.Parse(words[0], CultureInfo.InvariantCulture), 3_000, int.MaxValue);
        Assert.InRange(int.Parse(words[2], CultureInfo.InvariantCulture), 0, MaxUnknownCount);
    }

    private static WordCountProgram StartChild(TestDirectory directory) =>
        WordCountProgram.StartCommand(directory, WordCountProgram.Host, Path.Combine(Folder, "Dpark.Orleans.Workloads.dll"), "--first-result-child", "compiled");

    private static bool IsCompiled(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var reader = new PEReader(File.OpenRead(path));
        return reader.PEHeaders.CorHeader is { ManagedNativeHeaderDirectory.Size: > 0 };
    }
}
