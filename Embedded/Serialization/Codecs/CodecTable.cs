using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>The codec of a static type. Lives and dies with the type, so an unloadable assembly is not held.</summary>
internal static class CodecCache<T>
{
    private static Codec<T>? s_codec;

    public static Codec<T> Codec
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_codec ?? Create(forCopy: false);
    }

    public static Codec<T> Copier
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_codec ?? Create(forCopy: true);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Codec<T> Create(bool forCopy)
    {
        var codec = forCopy ? CodecTable.GetCopier(typeof(T)) : CodecTable.Get(typeof(T));
        return s_codec = codec as Codec<T> ?? throw CodecTable.WrongCodec(typeof(T), codec);
    }
}

/// <summary>Finds or makes the codec of a type. Thread-safe; a codec is made at the first use of its type.</summary>
internal static class CodecTable
{
    private static readonly ConditionalWeakTable<Type, Codec> Codecs = new();

    /// <exception cref="CodecNotFoundException">The type is not one that messages may carry.</exception>
    public static Codec Get(Type type) => TryGet(type) ?? throw CodecNotFoundException.NoCodec(type);

    /// <exception cref="CodecNotFoundException">The type is not one that messages may carry.</exception>
    public static Codec GetCopier(Type type)
    {
        try
        {
            return TryGet(type) ?? throw CodecNotFoundException.NoCodec(type);
        }
        catch (CodecNotFoundException exception) when (exception.MissingType is not null)
        {
            throw CodecNotFoundException.NoCopier(exception.MissingType);
        }
    }

    public static Codec? TryGet(Type type)
    {
        if (Codecs.TryGetValue(type, out var codec))
        {
            return codec;
        }

        codec = Create(type);
        return codec is null ? null : Codecs.GetValue(type, _ => codec);
    }

    /// <summary>Whether the type says itself that messages may carry it.</summary>
    public static bool IsDeclared(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);

    public static SerializerException WrongCodec(Type type, Codec codec) =>
        new($"The codec of {type} is one of {codec.Type}. Declare members as {codec.Type}.");

    private static Codec? Create(Type type)
    {
        if (type.ContainsGenericParameters || type.IsPointer || type.IsByRef || type.IsByRefLike)
        {
            return null;
        }

        if (WellKnownTypes.TryCreateCodec(type, out var codec) || TryCreateDeclared(type, out codec))
        {
            return codec;
        }

        if (type.IsEnum)
        {
            return New(typeof(EnumCodec<,>), type, Enum.GetUnderlyingType(type));
        }

        if (typeof(Exception).IsAssignableFrom(type))
        {
            return New(typeof(ExceptionCodec<>), type);
        }

        if (ConverterCodec.TryCreate(type, out codec))
        {
            return codec;
        }

        return type.IsInterface || type.IsAbstract ? New(typeof(PolymorphicCodec<>), type) : null;
    }

    private static bool TryCreateDeclared(Type type, [NotNullWhen(true)] out Codec? codec)
    {
        codec = null;
        if (type.GetCustomAttribute<SerializedByAttribute>(inherit: true) is { } own)
        {
            codec = own.Codec.IsGenericTypeDefinition ? New(own.Codec, type.GetGenericArguments()) : (Codec)Activator.CreateInstance(own.Codec)!;
        }
        else if (type.IsInterface && typeof(Runtime.IAddressable).IsAssignableFrom(type))
        {
            codec = New(typeof(ReferenceCodec<>), type);
        }
        else if (IsDeclared(type) && !type.IsEnum && !typeof(Exception).IsAssignableFrom(type))
        {
            codec = type.IsValueType ? New(typeof(MemberStructCodec<>), type)
                : type.IsAbstract ? New(typeof(PolymorphicCodec<>), type)
                : New(typeof(MemberObjectCodec<>), type);
        }

        return codec is not null;
    }

    internal static Codec New(Type definition, params Type[] arguments)
    {
        try
        {
            return (Codec)Activator.CreateInstance(definition.MakeGenericType(arguments), nonPublic: true)!;
        }
        catch (TargetInvocationException exception) when (exception.InnerException is SerializerException inner)
        {
            throw inner;
        }
    }
}
