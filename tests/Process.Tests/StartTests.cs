using System.Globalization;
using System.Reflection.PortableExecutable;

namespace Dpark.Tests.Process;

/// <summary>
/// What a program of this repository compiles before its first result, though the build could have: <c>eng/ReadyToRun/start-methods.txt</c> names to the build what it does not
/// find by itself, and is out of date when much else is compiled.
/// </summary>
public sealed class StartTests
{
    // Emitted proxies, the program's own code, and what the compiler cannot compile ahead are about 165.
    private const int MaxCompiledCount = 300;

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
