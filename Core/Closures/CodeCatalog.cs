using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Dpark.Closures.Code;
using Dpark.Closures.Format;
using Dpark.Text;

namespace Dpark.Closures;

/// <summary>
/// The driver's list of assemblies: describes them for closures and finds their bytes for workers. Filled by <see cref="ClosureSerializer"/>; does not keep
/// assemblies loaded. Thread-safe.
/// </summary>
public sealed class CodeCatalog
{
    private readonly ConditionalWeakTable<Assembly, Entry> _entries = [];
    private readonly ConditionalWeakTable<Assembly, StrongBox<ImmutableArray<CodeModule>>> _closures = [];
    private readonly ConditionalWeakTable<Assembly, byte[]> _registered = [];
    private readonly ConcurrentDictionary<string, Entry?> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Entry> _byMvid = [];

    // Workers of the same process ask for hardly a module, and trust its bytes.
    private readonly bool _isLocal;

    /// <summary>Makes an empty catalog.</summary>
    public CodeCatalog()
        : this(isLocal: false)
    {
    }

    /// <param name="isLocal">All workers are in this process: modules have short hashes, which are there sooner.</param>
    internal CodeCatalog(bool isLocal)
    {
        _isLocal = isLocal;
        Headers = new(this);
    }

    /// <summary>Headers of closures that named its modules.</summary>
    internal WrittenHeaders Headers { get; }

    /// <summary>Gives the bytes of an assembly that was loaded without a file, such as one that a notebook compiled. Call it before the assembly's code is used in a job.</summary>
    /// <exception cref="ArgumentException">The bytes are those of another assembly.</exception>
    public void Register(Assembly assembly, ReadOnlySpan<byte> image)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var mvid = SharedAssemblies.ReadMvid(image);
        if (mvid != assembly.ManifestModule.ModuleVersionId)
        {
            throw new ArgumentException($"The bytes have the module version id {mvid}, but {assembly.FullName} has {assembly.ManifestModule.ModuleVersionId}. Give the bytes that it was loaded from.", nameof(image));
        }

        _registered.AddOrUpdate(assembly, image.ToArray());
    }

    /// <summary>Describes an assembly.</summary>
    /// <remarks>The first call reads the file; later ones look it up.</remarks>
    public CodeModule Describe(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return EntryOf(assembly).Module;
    }

    /// <summary>The assembly itself and what it refers to, directly and indirectly, without those that every worker has. References that cannot be found are left out.</summary>
    public ImmutableArray<CodeModule> DescribeWithReferences(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return _closures.GetValue(assembly, a => new StrongBox<ImmutableArray<CodeModule>>(Walk(a))).Value;
    }

    /// <summary>The bytes of a module that this catalog has described.</summary>
    /// <exception cref="FileNotFoundException">There is no file for it, or the file was replaced since the assembly was loaded.</exception>
    public ReadOnlyMemory<byte> Read(CodeModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (!_byMvid.TryGetValue(module.Mvid, out var entry) || entry.Image() is not { } image)
        {
            throw new FileNotFoundException(
                $"The driver has no bytes of module {module}. An assembly that was loaded from bytes or is part of a single-file program has none: give them to CodeCatalog.Register, or publish the program as files.");
        }

        var mvid = SharedAssemblies.ReadMvid(image.Span);
        return mvid == module.Mvid
            ? image
            : throw new FileNotFoundException(
                $"The file of module {module} holds another build, {mvid:N}. It was replaced while the driver ran; start the driver again.", entry.Path);
    }

    /// <summary>The loaded assembly of that build; <see langword="null"/> if it is gone or unknown.</summary>
    internal Assembly? Find(Guid mvid) => _byMvid.TryGetValue(mvid, out var entry) ? entry.Assembly : null;

    private Entry EntryOf(Assembly assembly)
    {
        var entry = _entries.GetValue(assembly, Make);
        _byMvid.TryAdd(entry.Module.Mvid, entry);
        return entry;
    }

    private Entry Make(Assembly assembly)
    {
        var mvid = assembly.ManifestModule.ModuleVersionId;
        var name = assembly.GetName().Name!;
        if (AssemblyLoadContext.GetLoadContext(assembly) is ApplicationLoadContext application && application.Find(name) is { } module)
        {
            return new Entry(module, assembly, null, null);
        }

        if (_registered.TryGetValue(assembly, out var registered))
        {
            return new Entry(ModuleOf(name, mvid, registered), assembly, null, registered);
        }

        return ReadFile(assembly.Location, out var image)
            ? new Entry(ModuleOf(name, mvid, image), assembly, assembly.Location, null)
            : new Entry(new CodeModule(name, mvid, "", 0), assembly, null, null);
    }

    private CodeModule ModuleOf(string name, Guid mvid, byte[] image) => new(name, mvid, _isLocal ? ContentHash.Of(image) : ContentHash.Sha256Of(image), image.Length);

    private ImmutableArray<CodeModule> Walk(Assembly root)
    {
        if (AssemblyLoadContext.GetLoadContext(root) is ApplicationLoadContext application)
        {
            return [EntryOf(root).Module, .. application.Modules().Where(module => module.Mvid != root.ManifestModule.ModuleVersionId)];
        }

        var found = new Dictionary<Guid, CodeModule>();
        var modules = ImmutableArray.CreateBuilder<CodeModule>();
        var open = new Queue<(Entry Entry, AssemblyLoadContext Context)>();
        Enter(EntryOf(root), AssemblyLoadContext.GetLoadContext(root) ?? AssemblyLoadContext.Default);
        while (open.TryDequeue(out var next))
        {
            foreach (var reference in next.Entry.References())
            {
                if (!SharedAssemblies.IsShared(reference) && Locate(reference, next.Context) is var (entry, context))
                {
                    Enter(entry, context);
                }
            }
        }

        return modules.ToImmutable();

        void Enter(Entry entry, AssemblyLoadContext context)
        {
            if (found.TryAdd(entry.Module.Mvid, entry.Module))
            {
                _byMvid.TryAdd(entry.Module.Mvid, entry);
                modules.Add(entry.Module);
                open.Enqueue((entry, context));
            }
        }
    }

    // What the process has not loaded is read as a file, so that describing a job loads nothing.
    private (Entry Entry, AssemblyLoadContext Context)? Locate(AssemblyName reference, AssemblyLoadContext context)
    {
        if (Loaded(reference, context) is { } loaded)
        {
            return Described(loaded);
        }

        if (SharedAssemblies.HostPath(reference.Name!) is { } path)
        {
            return FileEntry(path) is { } entry ? (entry, AssemblyLoadContext.Default) : null;
        }

        try
        {
            return Described(context.LoadFromAssemblyName(reference));
        }
        catch (Exception e) when (e is IOException or BadImageFormatException)
        {
            return null;
        }
    }

    private (Entry Entry, AssemblyLoadContext Context)? Described(Assembly assembly) =>
        SharedAssemblies.IsShared(assembly) || assembly.IsDynamic
            ? null
            : (EntryOf(assembly), AssemblyLoadContext.GetLoadContext(assembly) ?? AssemblyLoadContext.Default);

    private static Assembly? Loaded(AssemblyName reference, AssemblyLoadContext context)
    {
        var found = context.Assemblies.FirstOrDefault(assembly => HasName(assembly, reference.Name!));
        return found ?? (context == AssemblyLoadContext.Default ? null : Loaded(reference, AssemblyLoadContext.Default));
    }

    // Only the simple names count for the framework, too. An assembly knows its full name, where it would make a new object with all of its parts for each question.
    private static bool HasName(Assembly assembly, string name) =>
        assembly.FullName is { } full && full.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (full.Length == name.Length || full[name.Length] == ',');

    private Entry? FileEntry(string path) => _files.GetOrAdd(path, p =>
        ReadFile(p, out var image) ? new Entry(ModuleOf(Path.GetFileNameWithoutExtension(p), SharedAssemblies.ReadMvid(image), image), null, p, null) : null);

    private static bool ReadFile(string path, [NotNullWhen(true)] out byte[]? image)
    {
        try
        {
            image = path.Length == 0 ? null : File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            image = null;
        }

        return image is not null;
    }

    private sealed class Entry(CodeModule module, Assembly? assembly, string? path, byte[]? image)
    {
        private readonly WeakReference<Assembly>? _assembly = assembly is null ? null : new WeakReference<Assembly>(assembly);

        public CodeModule Module => module;

        public string? Path => path;

        public Assembly? Assembly => _assembly is not null && _assembly.TryGetTarget(out var target) ? target : null;

        public ReadOnlyMemory<byte>? Image() => image ?? (path is not null && ReadFile(path, out var read) ? read : null);

        public AssemblyName[] References()
        {
            if (Assembly is { } loaded)
            {
                return loaded.GetReferencedAssemblies();
            }

            using var file = new PEReader(new MemoryStream(ReadFile(path!, out var bytes) ? bytes : []));
            if (!file.HasMetadata)
            {
                return [];
            }

            var metadata = file.GetMetadataReader();
            return [.. metadata.AssemblyReferences.Select(handle => metadata.GetAssemblyReference(handle).GetAssemblyName())];
        }
    }
}
