using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;
using Dpark.Applications;
using Dpark.Closures.Code;
using Dpark.Closures.Format;

namespace Dpark.Closures;

/// <summary>
/// Finds the code that closures of one application name. The executor has one per application and disposes it when the application ends; the driver has one to
/// read what comes back. Thread-safe.
/// </summary>
/// <remarks>
/// <para>An assembly that the process has already, or would load by itself, in a context that stays, is used as it is, if the application's builds of everything
/// it refers to are the process's own too: statics and breakpoints are then where one expects them. Every other assembly is loaded from the driver's bytes into
/// a collectible context of the application, when code first needs it.</para>
/// <para>An application that has two builds of one library, as a notebook may, gets a further context for each set of modules that contradicts the others.</para>
/// <para>Whoever adds a cache here: it must go with the resolver. A static that holds a type of an application keeps all of that application's code loaded.</para>
/// </remarks>
public sealed class CodeResolver : IDisposable
{
    private readonly Func<CodeModule, ReadOnlyMemory<byte>> _fetch;
    private readonly CodeCatalog? _driverCatalog;
    private readonly Lock _lock = new();
    private readonly List<ApplicationLoadContext> _contexts = [];
    private readonly ConcurrentDictionary<Guid, Assembly?> _shared = [];
    private volatile bool _disposed;

    /// <summary>Makes a worker's resolver.</summary>
    /// <param name="application">For messages and names of load contexts.</param>
    /// <param name="fetch">Gets the bytes of a module from the driver's store. May block; called once per module, on a thread that runs the application's code. Exceptions reach the task.</param>
    public CodeResolver(AppId application, Func<CodeModule, ReadOnlyMemory<byte>> fetch)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        Application = application;
        _fetch = fetch;
    }

    private CodeResolver(AppId application, CodeCatalog catalog)
        : this(application, catalog.Read) => _driverCatalog = catalog;

    /// <summary>The application.</summary>
    public AppId Application { get; }

    /// <summary>Headers of closures that were read before: partitions of one RDD differ in their bodies only.</summary>
    internal HeaderCache Headers { get; } = new();

    /// <summary>Makes the driver's resolver: types are the very ones that its closures were made of, whatever context they are in.</summary>
    public static CodeResolver ForDriver(AppId application, CodeCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new CodeResolver(application, catalog);
    }

    /// <summary>Announces modules, so that assemblies can be loaded which only reflection names. Closures announce their own.</summary>
    public void Add(IEnumerable<CodeModule> modules) => ContextFor([.. modules]);

    /// <summary>Unloads the application's assemblies. Their memory is free when nothing refers to an object of theirs.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _contexts.ForEach(context => context.Release());
            _contexts.Clear();
        }

        _shared.Clear();
        Headers.Close();
    }

    /// <summary>The context that knows all these modules; made if there is none.</summary>
    internal ApplicationLoadContext? ContextFor(IReadOnlyCollection<CodeModule> modules)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (modules.Count == 0)
            {
                return null;
            }

            foreach (var context in _contexts)
            {
                if (context.TryAdd(modules))
                {
                    return context;
                }
            }

            var added = new ApplicationLoadContext(this, _contexts.Count);
            added.TryAdd(modules);
            _contexts.Add(added);
            return added;
        }
    }

    /// <summary>The assembly of a module, in the process's own contexts or in <paramref name="context"/>.</summary>
    internal Assembly Resolve(CodeModule module, ApplicationLoadContext context) => FindShared(module, context) ?? context.Load(module);

    /// <summary>The process's own assembly of that build, if it may be used; else <see langword="null"/>.</summary>
    internal Assembly? FindShared(CodeModule module, ApplicationLoadContext context) => FindShared(module, context, []);

    internal ReadOnlyMemory<byte> Fetch(CodeModule module)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _fetch(module);
    }

    private Assembly? FindShared(CodeModule module, ApplicationLoadContext context, HashSet<Guid> underWay)
    {
        if (_driverCatalog?.Find(module.Mvid) is { } own)
        {
            return own;
        }

        if (_shared.TryGetValue(module.Mvid, out var known))
        {
            return known;
        }

        if (Own(module) is not { } assembly)
        {
            // Not remembered: the process may load it later.
            return null;
        }

        underWay.Add(module.Mvid);
        foreach (var reference in assembly.GetReferencedAssemblies())
        {
            if (reference.Name is { } name && context.Find(name) is { } needed && !SharedAssemblies.IsShared(reference) &&
                !underWay.Contains(needed.Mvid) && FindShared(needed, context, underWay) is null)
            {
                _shared.TryAdd(module.Mvid, null);
                return null;
            }
        }

        _shared.TryAdd(module.Mvid, assembly);
        return assembly;
    }

    private static Assembly? Own(CodeModule module)
    {
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (!assembly.IsCollectible && !assembly.IsDynamic && assembly.ManifestModule.ModuleVersionId == module.Mvid)
            {
                return assembly;
            }
        }

        return SharedAssemblies.HostPath(module.Name) is { } path && SharedAssemblies.HostMvid(path) == module.Mvid
            ? AssemblyLoadContext.Default.LoadFromAssemblyName(new AssemblyName(module.Name))
            : null;
    }
}
