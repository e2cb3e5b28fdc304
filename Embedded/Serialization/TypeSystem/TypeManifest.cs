using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Configuration;

namespace Orleans.Serialization.TypeSystem;

/// <summary>Says which types a serializer accepts, and finds them by their names on the wire. Thread-safe.</summary>
/// <remarks>
/// A name from a message is looked up, never loaded: among aliases and types of assemblies that refer to this one, and then the type must carry its attribute,
/// or the options must name it. So a message cannot create an object of a type that was not written for messages.
/// </remarks>
internal sealed class TypeManifest(TypeManifestOptions options)
{
    private readonly ConcurrentDictionary<byte[], Codec> _codecs = new(ByteArrayComparer.Instance);

    /// <summary>Whether a type says itself that messages may name it: as the type of a value, or as an argument of a generic one.</summary>
    public static bool IsDeclared(Type type) =>
        CodecTable.IsDeclared(type) || type.IsDefined(typeof(SerializedByAttribute), inherit: true)
        || ((type.IsInterface || type.IsAbstract) && KnownAssemblies.IsKnown(type.Assembly));

    /// <exception cref="SerializerException">The number is unknown.</exception>
    public static Codec GetWellKnown(ulong id)
    {
        var type = WellKnownTypes.Get(id);
        if (type.IsGenericTypeDefinition)
        {
            SerializerLimits.ThrowDamaged($"the generic type {type} without arguments");
        }

        return CodecTable.Get(type);
    }

    /// <exception cref="SerializerException">The type is unknown or not permitted.</exception>
    public Codec GetCodec(ReadOnlySpan<byte> spec)
    {
        var lookup = _codecs.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(spec, out var codec))
        {
            return codec;
        }

        codec = CodecTable.Get(Resolve(spec));
        if (_codecs.Count >= SerializerLimits.MaxResolvedTypes)
        {
            throw new SerializerException($"Messages have named {SerializerLimits.MaxResolvedTypes} types already. A peer may be making them up; no further one is accepted.");
        }

        lookup[spec] = codec;
        return codec;
    }

    /// <exception cref="SerializerException">The type is unknown or not permitted.</exception>
    public Type Resolve(ReadOnlySpan<byte> spec)
    {
        var reader = new TypeSpecReader(spec);
        var type = Resolve(ref reader);
        if (!reader.IsAtEnd)
        {
            SerializerLimits.ThrowDamaged("a type with bytes after it");
        }

        return type;
    }

    /// <summary>The type with the name or alias in the assembly; <see langword="null"/> if there is none or it is not permitted.</summary>
    public Type? Find(string fullName, string assembly)
    {
        // A name with these would make the lookup parse, and load, the types within it.
        if (fullName.AsSpan().ContainsAny("[],*&"))
        {
            return null;
        }

        foreach (var candidate in KnownAssemblies.Named(assembly, options.Assemblies))
        {
            if (candidate.GetType(fullName, throwOnError: false) is { } type && (IsDeclared(type) || IsAllowed(type)))
            {
                return type;
            }
        }

        return IsAllowed(fullName, assembly) && KnownAssemblies.Loaded(assembly)?.GetType(fullName, throwOnError: false) is { } allowed ? allowed : null;
    }

    public Type? FindAlias(string alias) => KnownAssemblies.FindAlias(alias, options.Assemblies);

    /// <summary>Refuses types that neither say themselves nor are said by the options to be permitted.</summary>
    /// <exception cref="CodecNotFoundException">A type is not permitted.</exception>
    public void Check(TypeSpec spec)
    {
        foreach (var type in spec.Undeclared)
        {
            if (!IsAllowed(type))
            {
                CodecNotFoundException.ThrowNoCodec(type);
            }
        }
    }

    private bool IsAllowed(Type type) => type.FullName is { } name && IsAllowed(name, type.Assembly.GetName().Name!);

    private bool IsAllowed(string fullName, string assembly) =>
        options.AllowAllTypes || options.AllowedTypes.Contains(TypeManifestOptions.Format(fullName, assembly)) || options.AllowedAssemblies.Contains(assembly);

    private Type Resolve(ref TypeSpecReader reader)
    {
        var kind = reader.ReadKind();
        if (kind == TypeSpec.ArrayKind)
        {
            var rank = reader.ReadByte();
            var element = Resolve(ref reader);
            if (rank > 32 || element.ContainsGenericParameters)
            {
                SerializerLimits.ThrowDamaged($"an array type of rank {rank} of {element}");
            }

            return rank == 0 ? element.MakeArrayType() : element.MakeArrayType(rank);
        }

        var definition = kind switch
        {
            TypeSpec.WellKnownKind => WellKnownTypes.Get(reader.ReadByte()),
            TypeSpec.AliasKind => FindOrThrow(reader.ReadText()),
            TypeSpec.NameKind => FindOrThrow(reader.ReadText(), reader.ReadText()),
            _ => throw new SerializerException($"A message has a type of kind {kind}. It is damaged."),
        };
        return definition.IsGenericTypeDefinition ? MakeGeneric(definition, ref reader) : definition;
    }

    private Type MakeGeneric(Type definition, ref TypeSpecReader reader)
    {
        // A definition alone may stand at the end of a System.Type.
        if (reader.IsAtEnd)
        {
            return definition;
        }

        var arguments = new Type[definition.GetGenericArguments().Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Resolve(ref reader);
        }

        try
        {
            return definition.MakeGenericType(arguments);
        }
        catch (Exception exception) when (exception is ArgumentException or TypeLoadException)
        {
            throw new SerializerException($"A message has arguments that {definition} does not take. It is damaged, or the type changed incompatibly.", exception);
        }
    }

    private Type FindOrThrow(string alias) =>
        FindAlias(alias) ?? throw new UnknownTypeException($"No type has the alias '{alias}'. Its assembly is not loaded here, or the peer runs another version.");

    private Type FindOrThrow(string fullName, string assembly) =>
        Find(fullName, assembly)
        ?? throw new UnknownTypeException($"Type {fullName} of assembly {assembly} is not one that messages may carry. Give it [GenerateSerializer], or load its assembly.");

    private sealed class ByteArrayComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly ByteArrayComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }
    }
}

/// <summary>A name in a message stands for no type that is known here.</summary>
[GenerateSerializer]
internal sealed class UnknownTypeException(string message) : SerializerException(message);
