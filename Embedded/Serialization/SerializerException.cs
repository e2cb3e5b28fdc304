using System.Diagnostics.CodeAnalysis;

namespace Orleans.Serialization;

/// <summary>A value cannot be written, read or copied.</summary>
[GenerateSerializer]
public class SerializerException : Exception
{
    /// <summary>Creates it without a message.</summary>
    public SerializerException()
    {
    }

    /// <summary>Creates it.</summary>
    public SerializerException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it.</summary>
    public SerializerException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A type is not one that messages may carry.</summary>
[GenerateSerializer]
public sealed class CodecNotFoundException(string message) : SerializerException(message)
{
    [DoesNotReturn]
    internal static void ThrowNoCodec(Type type) => throw NoCodec(type);

    internal static CodecNotFoundException NoCodec(Type type) =>
        new($"Could not find a codec for type {type}. Give it [GenerateSerializer], and [Id] to its members.") { MissingType = type };

    internal static CodecNotFoundException NoCopier(Type type) =>
        new($"Could not find a copier for type {type}. Give it [GenerateSerializer], and [Id] to its members.") { MissingType = type };

    [field: NonSerialized]
    internal Type? MissingType { get; private init; }
}
