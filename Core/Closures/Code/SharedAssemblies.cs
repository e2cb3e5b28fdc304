using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;

namespace Dpark.Closures.Code;

/// <summary>Which assemblies every process of the cluster has, so that they travel by name only. Thread-safe.</summary>
internal static class SharedAssemblies
{
    // The engine's own, by name: tests and user programs may share its prefix. Not frozen, nor the paths below: to freeze them takes longer than all lookups.
    private static readonly HashSet<string> OnEveryWorker = new(StringComparer.OrdinalIgnoreCase)
    {
        "Dpark.Orleans.Core", "Dpark.Orleans.Embedded", "Dpark.Orleans.Grains.Interfaces", "Dpark.Orleans.Grains", "Dpark.Orleans.Client", "Dpark.Orleans.Silo",
    };

    private static readonly HashSet<string> InDriverOnly = new(StringComparer.OrdinalIgnoreCase) { "Dpark.Orleans.Cli" };

    private static readonly string[] FrameworkTokens = ["b03f5f7f11d50a3a", "b77a5c561934e089", "cc7b13ffcd2ddd51", "7cec85d7bea7798e", "adb9793829ddae60", "31bf3856ad364e35"];

    private static readonly string? FrameworkRoot = FindFrameworkRoot();

    private static readonly Dictionary<string, string> HostPaths = FindHostPaths();

    private static readonly ConcurrentDictionary<string, Guid> HostMvids = [];

    private static readonly ConditionalWeakTable<Assembly, StrongBox<bool>> Known = [];

    private static readonly ConditionalWeakTable<Assembly, StrongBox<bool>> KnownOfEngine = [];

    /// <summary>Whether it belongs to the framework, or to the engine's part that every worker has.</summary>
    public static bool IsShared(Assembly assembly) =>
        Recall(Known, assembly, Decide);

    /// <summary>Whether it belongs to the engine: its classes are trusted to hold what user code must not.</summary>
    public static bool IsEngine(Assembly assembly) =>
        Recall(KnownOfEngine, assembly, IsNamedAsEngine);

    /// <summary>As <see cref="IsShared(Assembly)"/>, for an assembly that is only referred to.</summary>
    public static bool IsShared(AssemblyName reference) =>
        reference.Name is { } name && (OnEveryWorker.Contains(name) || IsActorRuntime(name) || name is "netstandard" or "mscorlib" ||
            (HostPaths.TryGetValue(name, out var path) ? IsFrameworkPath(path) || (FrameworkRoot is null && IsFrameworkName(reference)) : FrameworkRoot is null && IsFrameworkName(reference)));

    /// <summary>Where the host would load an assembly from; <see langword="null"/> if it would not find it.</summary>
    public static string? HostPath(string simpleName) => HostPaths.GetValueOrDefault(simpleName);

    /// <summary>The module version id of a file that the host lists. Read once.</summary>
    public static Guid HostMvid(string path) => HostMvids.GetOrAdd(path, static p => ReadMvid(File.ReadAllBytes(p)));

    /// <summary>The module version id in the bytes of an assembly.</summary>
    /// <exception cref="BadImageFormatException">They are not a managed assembly.</exception>
    public static unsafe Guid ReadMvid(ReadOnlySpan<byte> image)
    {
        fixed (byte* start = image)
        {
            using var file = new PEReader(start, image.Length);
            if (!file.HasMetadata)
            {
                throw new BadImageFormatException("The file holds no managed code.");
            }

            var metadata = file.GetMetadataReader();
            return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
        }
    }

    private static bool Recall(ConditionalWeakTable<Assembly, StrongBox<bool>> known, Assembly assembly, Func<Assembly, bool> decide) =>
        known.GetOrAdd(assembly, static (asked, decide) => new StrongBox<bool>(decide(asked)), decide).Value;

    private static bool Decide(Assembly assembly)
    {
        if (assembly.IsDynamic || assembly.IsCollectible)
        {
            return false;
        }

        var name = assembly.GetName();
        if (OnEveryWorker.Contains(name.Name!) || IsActorRuntime(name.Name!))
        {
            return true;
        }

        return FrameworkRoot is null ? IsFrameworkName(name) : IsFrameworkPath(assembly.Location);
    }

    private static bool IsNamedAsEngine(Assembly assembly) =>
        assembly.GetName().Name is { } name && (OnEveryWorker.Contains(name) || InDriverOnly.Contains(name) || IsActorRuntime(name));

    private static bool IsActorRuntime(string name) => name == "Orleans" || name.StartsWith("Orleans.", StringComparison.Ordinal);

    private static bool IsFrameworkPath(string path) => FrameworkRoot is not null && path.StartsWith(FrameworkRoot, StringComparison.Ordinal);

    // Of a self-contained or single-file program, only names tell the framework from the rest.
    private static bool IsFrameworkName(AssemblyName name)
    {
        var token = Convert.ToHexStringLower(name.GetPublicKeyToken() ?? []);
        return FrameworkTokens.Contains(token) && name.Name is { } simple &&
            (simple.StartsWith("System.", StringComparison.Ordinal) || simple is "System" or "mscorlib" or "netstandard" or "WindowsBase" or "Microsoft.CSharp" or "Microsoft.VisualBasic" ||
                simple.StartsWith("Microsoft.Win32.", StringComparison.Ordinal) || simple.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal) ||
                simple.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal));
    }

    // .../shared/Microsoft.NETCore.App/10.0.0/System.Private.CoreLib.dll: the other frameworks are beside it.
    private static string? FindFrameworkRoot()
    {
        var versionDirectory = Path.GetDirectoryName(typeof(object).Assembly.Location);
        var shared = Path.GetDirectoryName(Path.GetDirectoryName(versionDirectory));
        return string.IsNullOrEmpty(shared) || Path.GetFileName(shared) != "shared" ? null : shared + Path.DirectorySeparatorChar;
    }

    private static Dictionary<string, string> FindHostPaths()
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            found.TryAdd(Path.GetFileNameWithoutExtension(path), path);
        }

        return found;
    }
}
