using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Session;

/// <summary>What the serializers of one service container share. Thread-safe.</summary>
/// <remarks>
/// Also the way in for the messaging layer: <see cref="Write"/> and <see cref="Read{T}(in ReadOnlySequence{byte})"/> work on its own buffers, with no copy between.
/// Codecs are per process; what depends on the container (permitted types, grain references) is found here through the session of a message.
/// </remarks>
public sealed class SerializerSessionPool
{
    internal SerializerSessionPool(IServiceProvider? services, TypeManifestOptions types, ExceptionSerializationOptions exceptions)
    {
        Services = services;
        Manifest = new TypeManifest(types);
        Exceptions = exceptions;
    }

    internal IServiceProvider? Services { get; }

    internal TypeManifest Manifest { get; }

    internal ExceptionSerializationOptions Exceptions { get; }

    internal static SerializerSessionPool Create(IServiceProvider services) => new(
        services,
        services.GetRequiredService<IOptions<TypeManifestOptions>>().Value,
        services.GetRequiredService<IOptions<ExceptionSerializationOptions>>().Value);

    /// <summary>Writes one value. Its type is written only where it is not <typeparamref name="T"/>.</summary>
    /// <exception cref="CodecNotFoundException">The value holds one of a type that messages may not carry. Some bytes may have been written.</exception>
    internal void Write<T>(T? value, IBufferWriter<byte> output)
    {
        var session = WriteSession.Rent(this);
        try
        {
            var writer = new Writer(output, session);
            CodecCache<T>.Codec.Write(ref writer, 0, value);
            writer.Flush();
        }
        finally
        {
            session.Return();
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Bytes after it are not looked at.</summary>
    /// <exception cref="SerializerException">The bytes are damaged, or of an incompatible type.</exception>
    internal T? Read<T>(ReadOnlySpan<byte> input)
    {
        var session = ReadSession.Rent(this);
        try
        {
            return Read<T>(new Reader(input, session));
        }
        finally
        {
            session.Return();
        }
    }

    /// <inheritdoc cref="Read{T}(ReadOnlySpan{byte})"/>
    internal T? Read<T>(in ReadOnlySequence<byte> input)
    {
        if (input.IsSingleSegment)
        {
            return Read<T>(input.FirstSpan);
        }

        var session = ReadSession.Rent(this);
        try
        {
            return Read<T>(new Reader(in input, session));
        }
        finally
        {
            session.Return();
        }
    }

    /// <summary>A deep copy, as if the value had been written and read.</summary>
    /// <exception cref="CodecNotFoundException">The value holds one of a type that messages may not carry.</exception>
    internal T? Copy<T>(T? value)
    {
        var codec = CodecCache<T>.Copier;
        if (codec.IsShallow)
        {
            return value;
        }

        var context = CopyContext.Rent(Services);
        try
        {
            return codec.Copy(value, context);
        }
        finally
        {
            context.Return();
        }
    }

    private static T? Read<T>(Reader reader)
    {
        try
        {
            return CodecCache<T>.Codec.Read(ref reader, reader.ReadTag());
        }
        catch (Exception exception) when (exception is not (SerializerException or OutOfMemoryException))
        {
            // Constructors and collections see values that no writer would have written.
            throw new SerializerException($"A message that should hold a {typeof(T)} cannot be read. It is damaged, or a constructor in it failed.", exception);
        }
    }
}
