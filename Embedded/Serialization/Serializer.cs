using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;

namespace Orleans.Serialization;

/// <summary>Turns values into bytes and back. Thread-safe; bytes are for peers that run compatible versions of the types.</summary>
public sealed class Serializer(SerializerSessionPool sessionPool)
{
    /// <summary>What this serializer shares with others of the container.</summary>
    public SerializerSessionPool SessionPool { get; } = sessionPool;

    /// <summary>Whether values of the type can be written. Says nothing of the types of its members.</summary>
    public bool CanSerialize<T>() => CanSerialize(typeof(T));

    /// <inheritdoc cref="CanSerialize{T}"/>
    [SuppressMessage("Performance", "CA1822", Justification = "The official method is not static.")]
    public bool CanSerialize(Type type)
    {
        try
        {
            return CodecTable.TryGet(type) is not null;
        }
        catch (CodecNotFoundException)
        {
            return false;
        }
    }

    /// <summary>The serializer of one type.</summary>
    public Serializer<T> GetSerializer<T>() => new(SessionPool);

    /// <summary>Writes a value to a new array.</summary>
    /// <exception cref="CodecNotFoundException">The value holds one of a type that messages may not carry.</exception>
    public byte[] SerializeToArray<T>(T value)
    {
        using var output = new PooledOutput();
        SessionPool.Write(value, output);
        return output.Written.ToArray();
    }

    /// <summary>Writes a value.</summary>
    /// <exception cref="CodecNotFoundException">The value holds one of a type that messages may not carry.</exception>
    public void Serialize<T, TBufferWriter>(T value, TBufferWriter destination)
        where TBufferWriter : IBufferWriter<byte> => SessionPool.Write(value, destination);

    /// <summary>Writes a value to an array and returns the number of bytes.</summary>
    /// <exception cref="SerializerException">The array is too short, or the value cannot be written.</exception>
    public int Serialize<T>(T value, byte[] destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var output = new PooledOutput();
        SessionPool.Write(value, output);
        if (output.Written.Length > destination.Length)
        {
            throw new SerializerException($"The value takes {output.Written.Length} bytes and the array has {destination.Length}. Give a longer one.");
        }

        output.Written.CopyTo(destination);
        return output.Written.Length;
    }

    /// <summary>Writes a value. The size hint is not needed.</summary>
    /// <exception cref="CodecNotFoundException">The value holds one of a type that messages may not carry.</exception>
    public void Serialize<T>(T value, Stream destination, int sizeHint = 0)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var output = new PooledOutput();
        SessionPool.Write(value, output);
        destination.Write(output.Written);
    }

    /// <summary>Reads a value. Bytes after it are not looked at.</summary>
    /// <exception cref="SerializerException">The bytes are damaged, or of an incompatible type.</exception>
    public T Deserialize<T>(byte[] source) => SessionPool.Read<T>(source.AsSpan())!;

    /// <inheritdoc cref="Deserialize{T}(byte[])"/>
    public T Deserialize<T>(ReadOnlyMemory<byte> source) => SessionPool.Read<T>(source.Span)!;

    /// <inheritdoc cref="Deserialize{T}(byte[])"/>
    public T Deserialize<T>(ArraySegment<byte> source) => SessionPool.Read<T>(source.AsSpan())!;

    /// <inheritdoc cref="Deserialize{T}(byte[])"/>
    public T Deserialize<T>(ReadOnlySpan<byte> source) => SessionPool.Read<T>(source)!;

    /// <inheritdoc cref="Deserialize{T}(byte[])"/>
    public T Deserialize<T>(ReadOnlySequence<byte> source) => SessionPool.Read<T>(in source)!;

    /// <summary>Reads a value from a stream, which is read to its end.</summary>
    /// <exception cref="SerializerException">The bytes are damaged, or of an incompatible type.</exception>
    public T Deserialize<T>(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        using var output = new PooledOutput();
        int count;
        while ((count = source.Read(output.GetSpan(4096))) > 0)
        {
            output.Advance(count);
        }

        return SessionPool.Read<T>(output.Written)!;
    }
}
