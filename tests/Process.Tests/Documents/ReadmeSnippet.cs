using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Dpark.Tests.Process.Documents;

/// <summary>A program in the README: a block of C# code, with what it prints if a block of text follows it.</summary>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Output"><see langword="null"/> if the README does not say what it prints.</param>
internal sealed record ReadmeSnippet(int Line, string Code, string? Output)
{
    private const string CodeFence = "```csharp";
    private const string TextFence = "```text";
    private const string EndFence = "```";

    /// <summary>All programs, in order. Blank lines may stand between code and output.</summary>
    public static IReadOnlyList<ReadmeSnippet> ReadAll(string readme)
    {
        var lines = readme.Split('\n');
        var snippets = new List<ReadmeSnippet>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] == CodeFence)
            {
                var begin = i + 1;
                var end = Array.IndexOf(lines, EndFence, begin);
                var next = end + 1;
                while (next < lines.Length && lines[next].Length == 0)
                {
                    next++;
                }

                var hasOutput = next < lines.Length && lines[next] == TextFence;
                var output = hasOutput ? Join(lines[(next + 1)..Array.IndexOf(lines, EndFence, next + 1)]) : null;
                snippets.Add(new ReadmeSnippet(begin, Join(lines[begin..end]), output));
                i = end;
            }
        }

        return snippets;
    }

    /// <summary>Compiles it as a program of its own, against what the tests are built with.</summary>
    public void Compile(string assemblyPath)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(assemblyPath),
            [CSharpSyntaxTree.ParseText(Code), CSharpSyntaxTree.ParseText("global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;")],
            references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
        var result = compilation.Emit(assemblyPath);
        Assert.True(result.Success, $"The code at line {Line} of README.md does not compile: {string.Join(Environment.NewLine, result.Diagnostics)}");
    }

    /// <summary>Words that run a compiled program. It has no list of dependencies of its own, so it takes those of the tests, which are in the same directory.</summary>
    public static string[] CommandOf(string assemblyPath) =>
    [
        WordCountProgram.Host,
        "exec",
        "--depsfile",
        Path.Combine(AppContext.BaseDirectory, "Dpark.Orleans.Process.Tests.deps.json"),
        "--runtimeconfig",
        Path.ChangeExtension(WordCountProgram.AssemblyPath, ".runtimeconfig.json"),
        assemblyPath,
    ];

    private static string Join(string[] lines) => string.Concat(lines.Select(line => $"{line}\n"));
}
