using System.Runtime.CompilerServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>Writes, reads and copies the values of one type, whose static type is not known to the caller. One per type and process.</summary>
internal abstract class Codec
{
    private TypeSpec? _spec;

    /// <summary>The type whose values it handles; it may handle those of derived types, too.</summary>
    public abstract Type Type { get; }

    /// <summary>Whether a second occurrence in a message is written as a reference to the first.</summary>
    public virtual bool IsTracked => false;

    /// <summary>Whether a copy of a value may be the value itself, whatever it holds.</summary>
    public virtual bool IsShallow => false;

    /// <summary>How the type is named on the wire.</summary>
    public virtual TypeSpec Spec => _spec ??= TypeSpec.Of(Type);

    /// <summary>Writes a value that is not null and not in the message yet, without naming its type.</summary>
    public abstract void WriteObject(ref Writer writer, uint delta, object value);

    /// <summary>Reads what <see cref="WriteObject"/> wrote; its tag has been read.</summary>
    public abstract object ReadObject(ref Reader reader, WireType wire);

    /// <summary>A deep copy of a value that is not null.</summary>
    public abstract object CopyObject(object value, CopyContext context);
}

/// <summary>Writes, reads and copies values of a static type: null, earlier objects and derived types included.</summary>
/// <remarks>
/// The seam for types of the runtime: give them <see cref="GenerateSerializerAttribute"/>; or <see cref="SerializedByAttribute"/> with a subclass of this;
/// or, if their values stand for something that only the runtime of a silo or client can make, such as grain references, name
/// <see cref="ReferenceCodec{T}"/> there and register one <see cref="IReferenceResolver"/> in its services.
/// </remarks>
internal abstract class Codec<T> : Codec
{
    public override Type Type => typeof(T);

    public abstract void Write(ref Writer writer, uint delta, T? value);

    public abstract T? Read(ref Reader reader, WireType wire);

    public virtual T? Copy(T? value, CopyContext context) => value;

    public override void WriteObject(ref Writer writer, uint delta, object value) => Write(ref writer, delta, (T)value);

    public override object ReadObject(ref Reader reader, WireType wire) => Read(ref reader, wire)!;

    public override object CopyObject(object value, CopyContext context) => Copy((T)value, context)!;
}

/// <summary>The part of objects in a codec: null, references, derived types. Subclasses see only new objects of the type itself.</summary>
internal abstract class ObjectCodec<T> : Codec<T>
    where T : class
{
    public override bool IsTracked => true;

    /// <summary>Whether the codec handles derived types itself.</summary>
    protected virtual bool IsOpen => false;

    public override void Write(ref Writer writer, uint delta, T? value)
    {
        if (value is null)
        {
            writer.WriteNull(delta);
        }
        else if (value.GetType() != typeof(T) && !IsOpen)
        {
            writer.WriteTyped(delta, value);
        }
        else if (!IsTracked || !writer.TryWriteReference(delta, value))
        {
            WriteNew(ref writer, delta, value);
        }
    }

    public override T? Read(ref Reader reader, WireType wire) =>
        wire is WireType.Reference or WireType.Typed ? reader.ReadTyped<T>(wire) : ReadNew(ref reader, wire);

    public override T? Copy(T? value, CopyContext context)
    {
        if (value is null || IsShallow)
        {
            return value;
        }

        if (value.GetType() != typeof(T) && !IsOpen)
        {
            return (T)CodecTable.GetCopier(value.GetType()).CopyObject(value, context);
        }

        if (context.TryGetCopy(value, out var copy))
        {
            return Unsafe.As<T>(copy);
        }

        context.Enter();
        var result = CopyNew(value, context);
        context.Leave();
        return result;
    }

    public sealed override void WriteObject(ref Writer writer, uint delta, object value) => WriteNew(ref writer, delta, (T)value);

    public sealed override object ReadObject(ref Reader reader, WireType wire) => ReadNew(ref reader, wire);

    protected abstract void WriteNew(ref Writer writer, uint delta, T value);

    /// <summary>Reads an object. One that can be filled later is announced before its members are read: <see cref="Begin"/> tells its number.</summary>
    protected abstract T ReadNew(ref Reader reader, WireType wire);

    /// <summary>Copies an object and tells the context, before its members are copied if it can.</summary>
    protected abstract T CopyNew(T value, CopyContext context);

    /// <summary>Enters a group and numbers it. Ends with <see cref="Reader.Leave"/>.</summary>
    protected static int Begin(ref Reader reader, WireType wire)
    {
        reader.Enter();
        if (wire == WireType.Object)
        {
            return reader.Session.NextReference();
        }

        if (wire != WireType.Group)
        {
            SerializerLimits.ThrowWireType(wire, typeof(T));
        }

        return 0;
    }
}

/// <summary>Names the codec of a type, a <see cref="Codec{T}"/> with a constructor without parameters. Derived types inherit it.</summary>
/// <remarks>A codec of a generic type is named by its definition and gets the type's arguments.</remarks>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface)]
internal sealed class SerializedByAttribute(Type codec) : Attribute
{
    public Type Codec { get; } = codec;
}
