using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Dpark.Applications;
using Dpark.Text;

namespace Dpark.Closures.Code;

/// <summary>Holds one application's own assemblies in a worker, at most one of each name. Loads an assembly when code first needs it. Thread-safe.</summary>
/// <remarks>
/// The runtime keeps this object until its assemblies are gone, and they stay while anything refers to them. So it must never lead to one of its own assemblies or
/// types, not even through the resolver and what that holds.
/// </remarks>
internal sealed class ApplicationLoadContext : AssemblyLoadContext
{
    private readonly AppId _application;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CodeModule> _modules = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<Guid, WeakReference<Assembly>> _loaded = [];
    private CodeResolver? _resolver;

    public ApplicationLoadContext(CodeResolver resolver, int number)
        : base($"{resolver.Application}/{number}", isCollectible: true)
    {
        _resolver = resolver;
        _application = resolver.Application;
    }

    private CodeResolver Resolver => _resolver ?? throw new ObjectDisposedException(Name, $"{_application} has ended; its code is being unloaded.");

    /// <summary>Takes modules in, all or none.</summary>
    /// <returns><see langword="false"/> if it has another build of one of them.</returns>
    public bool TryAdd(IReadOnlyCollection<CodeModule> modules)
    {
        lock (_lock)
        {
            if (modules.Any(module => _modules.TryGetValue(module.Name, out var known) && known.Mvid != module.Mvid))
            {
                return false;
            }

            foreach (var module in modules)
            {
                _modules[module.Name] = module;
            }

            return true;
        }
    }

    /// <summary>The module of that name that this context would load; <see langword="null"/> if none.</summary>
    public CodeModule? Find(string simpleName)
    {
        lock (_lock)
        {
            return _modules.GetValueOrDefault(simpleName);
        }
    }

    /// <summary>Every module that was added.</summary>
    public CodeModule[] Modules()
    {
        lock (_lock)
        {
            return [.. _modules.Values];
        }
    }

    /// <summary>Starts to unload.</summary>
    public void Release()
    {
        _resolver = null;
        Unload();
    }

    /// <summary>The assembly, loaded now if it was not.</summary>
    public Assembly Load(CodeModule module)
    {
        lock (_lock)
        {
            if (Loaded(module) is { } loaded)
            {
                return loaded;
            }
        }

        // Fetching may wait for the network, so it is done outside the lock; the runtime decides a race.
        var image = Fetch(module);
        lock (_lock)
        {
            if (Loaded(module) is { } loaded)
            {
                return loaded;
            }

            var assembly = LoadImage(module, image);
            _loaded[module.Mvid] = new WeakReference<Assembly>(assembly);
            return assembly;
        }
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (SharedAssemblies.IsShared(assemblyName) || assemblyName.Name is null || Find(assemblyName.Name) is not { } module)
        {
            return null;
        }

        return Resolver.FindShared(module, this) ?? Load(module);
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        foreach (var name in (string[])[unmanagedDllName, $"lib{unmanagedDllName}.so", $"{unmanagedDllName}.so", $"lib{unmanagedDllName}.dylib", $"{unmanagedDllName}.dll"])
        {
            if (NativeLibrary.TryLoad(name, out var handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException(
            $"Code of {_application} calls the native library '{unmanagedDllName}', which this worker does not have. " +
            "Only managed assemblies travel with a job; install the library on every worker.");
    }

    private Assembly? Loaded(CodeModule module) => _loaded.TryGetValue(module.Mvid, out var reference) && reference.TryGetTarget(out var assembly) ? assembly : null;

    private ReadOnlyMemory<byte> Fetch(CodeModule module)
    {
        if (module.Hash.Length == 0)
        {
            throw new FileNotFoundException(
                $"Module {module} of {_application} cannot be loaded: the driver has no file for it, and this worker does not have it. " +
                "Give its bytes to CodeCatalog.Register in the driver, or publish the program with its assemblies as files.");
        }

        var image = Resolver.Fetch(module);
        if (!ContentHash.Matches(image.Span, module.Hash))
        {
            throw new InvalidDataException(
                $"The {image.Length} bytes of module {module} do not have its hash {module.Hash[..Math.Min(12, module.Hash.Length)]}. They were damaged on the way and must be fetched again.");
        }

        return image;
    }

    private Assembly LoadImage(CodeModule module, ReadOnlyMemory<byte> image)
    {
        try
        {
            using var stream = new MemoryStream(image.ToArray(), writable: false);
            var assembly = LoadFromStream(stream);
            return assembly.ManifestModule.ModuleVersionId == module.Mvid
                ? assembly
                : throw new InvalidDataException($"The bytes of module {module} are those of {assembly.FullName}, another build. The driver's file was replaced while it ran; start the driver again.");
        }
        catch (BadImageFormatException e)
        {
            throw new InvalidDataException(
                $"Module {module} of {_application} cannot be loaded from bytes. Assemblies with native code do not travel; install it on every worker.", e);
        }
    }
}
