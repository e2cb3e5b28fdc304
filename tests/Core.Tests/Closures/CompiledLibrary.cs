using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Dpark.Closures;

/// <summary>A library that a test compiles, so that the worker cannot have it.</summary>
internal sealed class CompiledLibrary
{
    private static readonly MetadataReference[] Framework =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    private CompiledLibrary(string name, byte[] image) => (Name, Image) = (name, image);

    public string Name { get; }

    public byte[] Image { get; }

    public static CompiledLibrary Compile(
        string name, string source, OptimizationLevel optimization = OptimizationLevel.Release, OutputKind kind = OutputKind.DynamicallyLinkedLibrary, params CompiledLibrary[] references)
    {
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText("using System; using System.Collections.Generic; using System.Linq;\n" + source)],
            [.. Framework, .. references.Select(library => MetadataReference.CreateFromImage(library.Image))],
            new CSharpCompilationOptions(kind, optimizationLevel: optimization, allowUnsafe: true, deterministic: true));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        return result.Success ? new CompiledLibrary(name, image.ToArray()) : throw new InvalidOperationException(string.Join('\n', result.Diagnostics));
    }
}

/// <summary>Loads compiled libraries as a driver would that is another process: in a context that no resolver looks into.</summary>
internal sealed class DriverSide : IDisposable
{
    private readonly AssemblyLoadContext _context = new("driver", isCollectible: true);

    public DriverSide(params CompiledLibrary[] libraries)
    {
        foreach (var library in libraries)
        {
            using var stream = new MemoryStream(library.Image);
            var assembly = _context.LoadFromStream(stream);
            Serializer.Catalog.Register(assembly, library.Image);
        }
    }

    public ClosureSerializer Serializer { get; } = new();

    /// <summary>Calls a static method without parameters.</summary>
    public object Call(string type, string method)
    {
        var declaring = _context.Assemblies.Select(assembly => assembly.GetType(type)).First(found => found is not null)!;
        return declaring.GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!.Invoke(null, null)!;
    }

    /// <summary>Runs a program to its end.</summary>
    public void Run(string program) =>
        _context.Assemblies.Single(assembly => assembly.GetName().Name == program).EntryPoint!.Invoke(null, [Array.Empty<string>()]);

    public void Dispose() => _context.Unload();
}
