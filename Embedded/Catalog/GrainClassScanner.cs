using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Runtime;

/// <summary>Finds the grain classes of the loaded assemblies that refer to this one. Reads metadata, and loads only types that look like grains. Thread-safe.</summary>
internal static class GrainClassScanner
{
    private static readonly ConditionalWeakTable<Assembly, Type[]> ByAssembly = new();
    private static readonly Lock Gate = new();

    /// <summary>All grain classes, of loaded assemblies.</summary>
    public static IEnumerable<Type> FindAll() =>
        AssemblyLoadContext.Default.Assemblies.Where(KnownAssemblies.IsKnown).SelectMany(ClassesOf);

    /// <summary>Whether the class can be activated as a grain, if it is generic once it has arguments.</summary>
    public static bool IsGrainClass(Type type) =>
        type is { IsClass: true, IsAbstract: false } && (!type.ContainsGenericParameters || type.IsGenericTypeDefinition) && typeof(IGrain).IsAssignableFrom(type) && !typeof(GrainReference).IsAssignableFrom(type);

    private static Type[] ClassesOf(Assembly assembly)
    {
        // The start looks for them in two threads: the second one takes what the first one finds.
        lock (Gate)
        {
            return ByAssembly.GetValue(assembly, Find);
        }
    }

    private static unsafe Type[] Find(Assembly assembly)
    {
        if (!assembly.TryGetRawMetadata(out var blob, out var length))
        {
            return [.. assembly.GetTypes().Where(IsGrainClass)];
        }

        var reader = new MetadataReader(blob, length);
        var found = new List<Type>();
        foreach (var handle in reader.TypeDefinitions)
        {
            if ((reader.GetTypeDefinition(handle).Attributes & (TypeAttributes.Interface | TypeAttributes.Abstract)) == 0 && MayBeGrain(reader, handle))
            {
                var type = assembly.ManifestModule.ResolveType(MetadataTokens.GetToken(handle));
                if (IsGrainClass(type))
                {
                    found.Add(type);
                }
            }
        }

        return [.. found];
    }

    // Compilers list the interfaces of a class with all that those derive from, so a grain names IGrain or has a base class that does.
    private static bool MayBeGrain(MetadataReader reader, TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            if (IsNamed(reader, reader.GetInterfaceImplementation(implementation).Interface, nameof(IGrain)))
            {
                return true;
            }
        }

        return !type.BaseType.IsNil && MayBeBaseOfGrain(reader, type.BaseType);
    }

    private static bool MayBeBaseOfGrain(MetadataReader reader, EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeDefinition => MayBeGrain(reader, (TypeDefinitionHandle)type),
        HandleKind.TypeReference => !IsFramework(reader, (TypeReferenceHandle)type) && !IsNamed(reader, type, nameof(Grain)) && !IsNamed(reader, type, "Grain`1"),
        HandleKind.TypeSpecification => DefinitionOf(reader, (TypeSpecificationHandle)type) is not { } definition || MayBeBaseOfGrain(reader, definition),
        _ => false,
    };

    /// <summary>The definition of a generic type with arguments; <see langword="null"/> for whatever else is written as a signature.</summary>
    private static EntityHandle? DefinitionOf(MetadataReader reader, TypeSpecificationHandle handle)
    {
        var signature = reader.GetBlobReader(reader.GetTypeSpecification(handle).Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return null;
        }

        // Whether it is a class or a structure.
        signature.ReadCompressedInteger();
        return signature.ReadTypeHandle();
    }

    private static bool IsNamed(MetadataReader reader, EntityHandle handle, string name)
    {
        var (typeName, space) = handle.Kind switch
        {
            HandleKind.TypeReference => (reader.GetTypeReference((TypeReferenceHandle)handle).Name, reader.GetTypeReference((TypeReferenceHandle)handle).Namespace),
            HandleKind.TypeDefinition => (reader.GetTypeDefinition((TypeDefinitionHandle)handle).Name, reader.GetTypeDefinition((TypeDefinitionHandle)handle).Namespace),
            _ => default,
        };
        return !typeName.IsNil && reader.StringComparer.Equals(typeName, name) && reader.StringComparer.Equals(space, nameof(Orleans));
    }

    private static bool IsFramework(MetadataReader reader, TypeReferenceHandle handle)
    {
        var space = reader.GetString(reader.GetTypeReference(handle).Namespace);
        return space == "System" || space.StartsWith("System.", StringComparison.Ordinal) || space.StartsWith("Microsoft.", StringComparison.Ordinal);
    }
}
