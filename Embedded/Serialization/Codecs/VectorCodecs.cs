using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

/// <summary>One-dimensional arrays, and what else is a span of elements. Numbers are one memory block, others are counted fields.</summary>
internal sealed class VectorCodec<T> : ObjectCodec<T[]>
{
    // Types of which every bit pattern is a value; bool is put right after reading.
    private static readonly bool IsBlock = typeof(T).IsPrimitive || typeof(T).IsEnum || typeof(T) == typeof(Guid)
        || typeof(T) == typeof(Half) || typeof(T) == typeof(Int128) || typeof(T) == typeof(UInt128);

    private readonly Codec<T> _element = CodecCache<T>.Codec;

    /// <summary>Writes elements that are not an array object of their own, so they have no identity.</summary>
    public void WriteSpan(ref Writer writer, uint delta, ReadOnlySpan<T> value) => Write(ref writer, delta, value, WireType.Bytes, WireType.Group);

    /// <summary>Copies elements that are not an array object of their own.</summary>
    public T[] CopySpan(ReadOnlySpan<T> value, CopyContext context)
    {
        var copy = value.ToArray();
        CopyElements(copy, context);
        return copy;
    }

    /// <summary>Reads elements, whether they were an array or not.</summary>
    public T[] ReadElements(ref Reader reader, WireType wire) => ReadNew(ref reader, wire);

    protected override void WriteNew(ref Writer writer, uint delta, T[] value) => Write(ref writer, delta, value, WireType.Blob, WireType.Object);

    protected override T[] ReadNew(ref Reader reader, WireType wire)
    {
        if (IsBlock)
        {
            return ReadBlock(ref reader, wire);
        }

        var id = Begin(ref reader, wire);
        var count = reader.ReadCount(reader.ReadTag());
        var value = count == 0 ? [] : new T[count];
        reader.Session.SetReference(id, value);
        for (var i = 0; i < value.Length; i++)
        {
            value[i] = _element.Read(ref reader, reader.ReadTag())!;
        }

        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        return value;
    }

    protected override T[] CopyNew(T[] value, CopyContext context)
    {
        var copy = (T[])value.Clone();
        context.Add(value, copy);
        CopyElements(copy, context);
        return copy;
    }

    private void Write(ref Writer writer, uint delta, ReadOnlySpan<T> value, WireType block, WireType group)
    {
        if (IsBlock)
        {
            writer.WriteBytes(delta, block, AsBytes(value));
            return;
        }

        writer.Enter(delta, group);
        writer.WriteUnsigned(0, (ulong)value.Length);
        foreach (var item in value)
        {
            _element.Write(ref writer, 0, item);
        }

        writer.WriteEnd();
    }

    private static T[] ReadBlock(ref Reader reader, WireType wire)
    {
        if (wire is not (WireType.Blob or WireType.Bytes))
        {
            SerializerLimits.ThrowWireType(wire, typeof(T[]));
        }

        var id = wire == WireType.Blob ? reader.Session.NextReference() : 0;
        var length = reader.ReadLength();
        if (length % Unsafe.SizeOf<T>() != 0)
        {
            SerializerLimits.ThrowDamaged($"{length} bytes of an array of {typeof(T)}");
        }

        var value = length == 0 ? [] : GC.AllocateUninitializedArray<T>(length / Unsafe.SizeOf<T>());
        var bytes = AsBytes(value);
        reader.ReadRaw(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bytes), bytes.Length));
        if (typeof(T) == typeof(bool))
        {
            foreach (ref var flag in MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(bytes), bytes.Length))
            {
                flag = flag == 0 ? (byte)0 : (byte)1;
            }
        }

        reader.Session.SetReference(id, value);
        return value;
    }

    private static ReadOnlySpan<byte> AsBytes(ReadOnlySpan<T> value) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(value)), checked(value.Length * Unsafe.SizeOf<T>()));

    private void CopyElements(T[] copy, CopyContext context)
    {
        if (!_element.IsShallow)
        {
            foreach (ref var item in copy.AsSpan())
            {
                item = _element.Copy(item, context)!;
            }
        }
    }
}

/// <summary>Arrays of several dimensions: the lengths, then the elements in memory order.</summary>
internal sealed class GridCodec<TArray, T> : ObjectCodec<TArray>
    where TArray : class
{
    private readonly Codec<T> _element = CodecCache<T>.Codec;

    protected override void WriteNew(ref Writer writer, uint delta, TArray value)
    {
        var array = (Array)(object)value;
        writer.Enter(delta, WireType.Object);
        for (var i = 0; i < array.Rank; i++)
        {
            writer.WriteInt32(0, array.GetLength(i));
        }

        foreach (ref var item in Elements(array))
        {
            _element.Write(ref writer, 0, item);
        }

        writer.WriteEnd();
    }

    protected override TArray ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var lengths = new int[typeof(TArray).GetArrayRank()];
        long count = 1;
        foreach (ref var length in lengths.AsSpan())
        {
            length = (int)reader.ReadSigned(reader.ReadTag(), 0, int.MaxValue, typeof(int));
            count = count * length <= int.MaxValue ? count * length : throw new SerializerException("A message has an array that is too long. It is damaged.");
        }

        reader.Claim(count);
        var array = Array.CreateInstance(typeof(T), lengths);
        reader.Session.SetReference(id, array);
        foreach (ref var item in Elements(array))
        {
            item = _element.Read(ref reader, reader.ReadTag())!;
        }

        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        return (TArray)(object)array;
    }

    protected override TArray CopyNew(TArray value, CopyContext context)
    {
        var copy = (Array)((Array)(object)value).Clone();
        context.Add(value, copy);
        foreach (ref var item in Elements(copy))
        {
            item = _element.Copy(item, context)!;
        }

        return (TArray)(object)copy;
    }

    private static Span<T> Elements(Array array) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);
}

/// <summary>Immutable arrays; the default value travels as null.</summary>
internal sealed class ImmutableArrayCodec<T> : Codec<ImmutableArray<T>>
{
    private readonly VectorCodec<T> _vector = (VectorCodec<T>)CodecCache<T[]>.Codec;
    private readonly Codec<T> _element = CodecCache<T>.Codec;

    public override bool IsShallow => _element.IsShallow;

    public override void Write(ref Writer writer, uint delta, ImmutableArray<T> value)
    {
        if (value.IsDefault)
        {
            writer.WriteNull(delta);
        }
        else
        {
            _vector.WriteSpan(ref writer, delta, value.AsSpan());
        }
    }

    public override ImmutableArray<T> Read(ref Reader reader, WireType wire) =>
        wire == WireType.Reference ? ImmutableCollectionsMarshal.AsImmutableArray(_vector.Read(ref reader, wire))
        : ImmutableCollectionsMarshal.AsImmutableArray(_vector.ReadElements(ref reader, wire));

    public override ImmutableArray<T> Copy(ImmutableArray<T> value, CopyContext context) =>
        value.IsDefault || IsShallow ? value : ImmutableCollectionsMarshal.AsImmutableArray(_vector.CopySpan(value.AsSpan(), context));
}

/// <summary>Memory: only the part that it shows travels.</summary>
internal sealed class MemoryCodec<T> : Codec<Memory<T>>
{
    private readonly VectorCodec<T> _vector = (VectorCodec<T>)CodecCache<T[]>.Codec;

    public override void Write(ref Writer writer, uint delta, Memory<T> value) => _vector.WriteSpan(ref writer, delta, value.Span);

    public override Memory<T> Read(ref Reader reader, WireType wire) => _vector.ReadElements(ref reader, wire);

    public override Memory<T> Copy(Memory<T> value, CopyContext context) => _vector.CopySpan(value.Span, context);
}

/// <summary>Read-only memory: only the part that it shows travels. Copied, because its owner may still write to it.</summary>
internal sealed class ReadOnlyMemoryCodec<T> : Codec<ReadOnlyMemory<T>>
{
    private readonly VectorCodec<T> _vector = (VectorCodec<T>)CodecCache<T[]>.Codec;

    public override void Write(ref Writer writer, uint delta, ReadOnlyMemory<T> value) => _vector.WriteSpan(ref writer, delta, value.Span);

    public override ReadOnlyMemory<T> Read(ref Reader reader, WireType wire) => _vector.ReadElements(ref reader, wire);

    public override ReadOnlyMemory<T> Copy(ReadOnlyMemory<T> value, CopyContext context) => _vector.CopySpan(value.Span, context);
}

/// <summary>Segments: only the part that it shows travels; the default value travels as null.</summary>
internal sealed class ArraySegmentCodec<T> : Codec<ArraySegment<T>>
{
    private readonly VectorCodec<T> _vector = (VectorCodec<T>)CodecCache<T[]>.Codec;

    public override void Write(ref Writer writer, uint delta, ArraySegment<T> value)
    {
        if (value.Array is null)
        {
            writer.WriteNull(delta);
        }
        else
        {
            _vector.WriteSpan(ref writer, delta, value);
        }
    }

    public override ArraySegment<T> Read(ref Reader reader, WireType wire) =>
        (wire == WireType.Reference ? _vector.Read(ref reader, wire) : _vector.ReadElements(ref reader, wire)) is { } array ? new ArraySegment<T>(array) : default;

    public override ArraySegment<T> Copy(ArraySegment<T> value, CopyContext context) => value.Array is null ? default : new ArraySegment<T>(_vector.CopySpan(value, context));
}
