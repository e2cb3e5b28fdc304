using System.Reflection.PortableExecutable;

namespace Dpark.Tests.Process;

/// <summary>
/// What a program of this repository compiles before its first result, though the build could have: <c>eng/ReadyToRun/start-methods.txt</c> names to the build what it does not
/// find by itself, and is out of date when much else is compiled.
/// </summary>
public sealed class StartTests
{
    // Emitted proxies, the program's own code, and what the compiler cannot compile ahead are about 250.
    private const int MaxCompiledMethods = 400;

    private static readonly string Folder = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Workloads", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))));

    [Fact]
    public async Task Start_ProgramOfTheBuild_CompilesFewMethods()
    {
        if (!IsCompiled(Path.Combine(Folder, "Dpark.Orleans.Silo.dll")))
        {
            // Without the compiler of images, everything is compiled at the start.
            return;
        }

        using var directory = new TestDirectory();
        var list = directory.PathOf("compiled.txt");
        using var program = WordCountProgram.StartCommand(
            directory,
            "env", $"DOTNET_JitStdOutFile={list}", "DOTNET_JitDisasmSummary=1",
            WordCountProgram.Host, Path.Combine(Folder, "Dpark.Orleans.Workloads.dll"), "--first-result-child", "engine");

        var result = await program.WaitAsync();

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("499500", result.Output.Trim());
        var compiled = await File.ReadAllLinesAsync(list);
        Assert.True(
            compiled.Length <= MaxCompiledMethods,
            $"{compiled.Length} methods were compiled at the start, at most {MaxCompiledMethods} should be. Run eng/ReadyToRun/record-start.sh. They are:\n{string.Join('\n', compiled)}");
    }

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
