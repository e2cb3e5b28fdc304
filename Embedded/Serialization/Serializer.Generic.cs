using System.Buffers;
using Orleans.Serialization.Session;

namespace Orleans.Serialization;

/// <summary>Turns values of one type into bytes and back. Thread-safe.</summary>
public sealed class Serializer<T>(SerializerSessionPool sessionPool)
{
    private readonly Serializer _serializer = new(sessionPool);

    /// <inheritdoc cref="Serializer.SerializeToArray{T}"/>
    public byte[] SerializeToArray(T value) => _serializer.SerializeToArray(value);

    /// <inheritdoc cref="Serializer.Serialize{T, TBufferWriter}(T, TBufferWriter)"/>
    public void Serialize<TBufferWriter>(T value, TBufferWriter destination)
        where TBufferWriter : IBufferWriter<byte> => sessionPool.Write(value, destination);

    /// <inheritdoc cref="Serializer.Serialize{T}(T, byte[])"/>
    public int Serialize(T value, byte[] destination) => _serializer.Serialize(value, destination);

    /// <inheritdoc cref="Serializer.Serialize{T}(T, Stream, int)"/>
    public void Serialize(T value, Stream destination, int sizeHint = 0) => _serializer.Serialize(value, destination, sizeHint);

    /// <inheritdoc cref="Serializer.Deserialize{T}(byte[])"/>
    public T Deserialize(byte[] source) => _serializer.Deserialize<T>(source);

    /// <inheritdoc cref="Serializer.Deserialize{T}(byte[])"/>
    public T Deserialize(ReadOnlyMemory<byte> source) => _serializer.Deserialize<T>(source);

    /// <inheritdoc cref="Serializer.Deserialize{T}(byte[])"/>
    public T Deserialize(ArraySegment<byte> source) => _serializer.Deserialize<T>(source);

    /// <inheritdoc cref="Serializer.Deserialize{T}(byte[])"/>
    public T Deserialize(ReadOnlySpan<byte> source) => _serializer.Deserialize<T>(source);

    /// <inheritdoc cref="Serializer.Deserialize{T}(byte[])"/>
    public T Deserialize(ReadOnlySequence<byte> source) => _serializer.Deserialize<T>(source);

    /// <inheritdoc cref="Serializer.Deserialize{T}(Stream)"/>
    public T Deserialize(Stream source) => _serializer.Deserialize<T>(source);
}
