using System.Runtime.CompilerServices;
using Dpark.Closures.Format;

namespace Dpark.Closures.Shapes;

/// <summary>What the value of a field or an array element looks like. The numbers are part of the format; they never change.</summary>
internal enum ValueKind : byte
{
    Reference = 0,
    Boolean = 1,
    Char = 2,
    SByte = 3,
    Byte = 4,
    Int16 = 5,
    UInt16 = 6,
    Int32 = 7,
    UInt32 = 8,
    Int64 = 9,
    UInt64 = 10,
    Single = 11,
    Double = 12,
    Struct = 13,
    Nullable = 14,
    Decimal = 15,
    Guid = 16,
    DateTime = 17,
    TimeSpan = 18,
}

/// <summary>Writes and reads the values of one static type, in place: in a field, or in an array. Immutable.</summary>
internal abstract class ValueShape
{
    private static readonly Dictionary<Type, ValueShape> Raw = new ValueShape[]
    {
        new RawShape<bool>(ValueKind.Boolean), new RawShape<char>(ValueKind.Char), new RawShape<sbyte>(ValueKind.SByte), new RawShape<byte>(ValueKind.Byte),
        new RawShape<short>(ValueKind.Int16), new RawShape<ushort>(ValueKind.UInt16), new RawShape<int>(ValueKind.Int32), new RawShape<uint>(ValueKind.UInt32),
        new RawShape<long>(ValueKind.Int64), new RawShape<ulong>(ValueKind.UInt64), new RawShape<float>(ValueKind.Single), new RawShape<double>(ValueKind.Double),
        new RawShape<decimal>(ValueKind.Decimal), new RawShape<Guid>(ValueKind.Guid), new RawShape<DateTime>(ValueKind.DateTime), new RawShape<TimeSpan>(ValueKind.TimeSpan),
    }.ToDictionary(shape => shape.Type);

    public abstract ValueKind Kind { get; }

    public abstract Type Type { get; }

    /// <summary>Whether values may hold references, so that they must be walked.</summary>
    public abstract bool HasReferences { get; }

    /// <summary>Bytes of a value in memory if the format is the memory image; 0 if it is not.</summary>
    public virtual int RawBytes => 0;

    /// <summary>Fewest bytes that a value takes in the format.</summary>
    public virtual int MinimumBytes => 1;

    /// <exception cref="NotSupportedException">Values of this type belong to one process, such as pointers.</exception>
    public static ValueShape Of(Type type)
    {
        if (!type.IsValueType && !type.IsPointer && !type.IsFunctionPointer && !type.IsByRef)
        {
            return ReferenceShape.Instance;
        }

        if (Raw.TryGetValue(type, out var raw))
        {
            return raw;
        }

        if (type.IsEnum)
        {
            return new EnumShape(type, Of(type.GetEnumUnderlyingType()));
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return new NullableShape(type, Of(inner));
        }

        return new StructShape((ObjectShape)TypeLayout.Of(type).Shape!);
    }

    /// <summary>Whether values of the type travel as their memory image.</summary>
    public static bool IsRaw(Type type) => Raw.ContainsKey(type);

    public abstract void Write(object? value, BodyWriter body);

    public abstract object? Read(ref ClosureInput input, object?[] objects);

    public virtual void Visit(object? value, GraphVisitor visitor)
    {
    }

    /// <summary>Writes what the reader needs beside the kind.</summary>
    public virtual void Describe(HeaderWriter header)
    {
    }
}

/// <summary>A reference: the number of an object, or 0.</summary>
internal sealed class ReferenceShape : ValueShape
{
    public static readonly ReferenceShape Instance = new();

    public override ValueKind Kind => ValueKind.Reference;

    public override Type Type => typeof(object);

    public override bool HasReferences => true;

    public override void Write(object? value, BodyWriter body) => body.WriteReference(value);

    public override object? Read(ref ClosureInput input, object?[] objects)
    {
        var number = input.ReadNumber();
        if (number > objects.Length)
        {
            ClosureThrow.Malformed($"object {number} of {objects.Length} is referred to");
        }

        return number == 0 ? null : objects[number - 1];
    }

    public override void Visit(object? value, GraphVisitor visitor) => visitor.OnReference(value);
}

/// <summary>A value whose format is its memory image, little-endian and without padding.</summary>
internal sealed class RawShape<T>(ValueKind kind) : ValueShape
    where T : unmanaged
{
    public override ValueKind Kind => kind;

    public override Type Type => typeof(T);

    public override bool HasReferences => false;

    public override int RawBytes => Unsafe.SizeOf<T>();

    public override int MinimumBytes => Unsafe.SizeOf<T>();

    public override void Write(object? value, BodyWriter body) => body.Output.WriteRaw((T)value!, Unsafe.SizeOf<T>());

    public override object? Read(ref ClosureInput input, object?[] objects) => input.ReadRaw<T>(Unsafe.SizeOf<T>());
}

/// <summary>An enum, as its underlying number.</summary>
internal sealed class EnumShape(Type type, ValueShape underlying) : ValueShape
{
    public override ValueKind Kind => underlying.Kind;

    public override Type Type => type;

    public override bool HasReferences => false;

    public override int RawBytes => underlying.RawBytes;

    public override int MinimumBytes => underlying.MinimumBytes;

    public override void Write(object? value, BodyWriter body) => underlying.Write(value, body);

    public override object? Read(ref ClosureInput input, object?[] objects) => Enum.ToObject(type, underlying.Read(ref input, objects)!);
}

/// <summary>A <see cref="Nullable{T}"/>: a byte that says whether there is a value, then the value.</summary>
internal sealed class NullableShape(Type type, ValueShape inner) : ValueShape
{
    public override ValueKind Kind => ValueKind.Nullable;

    public override Type Type => type;

    public override bool HasReferences => inner.HasReferences;

    public ValueShape Inner => inner;

    public override void Write(object? value, BodyWriter body)
    {
        body.Output.WriteByte(value is null ? (byte)0 : (byte)1);
        if (value is not null)
        {
            inner.Write(value, body);
        }
    }

    public override object? Read(ref ClosureInput input, object?[] objects) => input.ReadByte() == 0 ? null : inner.Read(ref input, objects);

    public override void Visit(object? value, GraphVisitor visitor)
    {
        if (value is not null)
        {
            inner.Visit(value, visitor);
        }
    }

    public override void Describe(HeaderWriter header) => header.WriteValueShape(inner);
}

/// <summary>A struct in place: its fields, one after the other.</summary>
internal sealed class StructShape(ObjectShape layout) : ValueShape
{
    public override ValueKind Kind => ValueKind.Struct;

    public override Type Type => layout.Type;

    public ObjectShape Layout => layout;

    public override bool HasReferences { get; } = layout.Fields.Any(field => field.Value.HasReferences || field.Refusal is not null);

    // A struct without fields takes a byte, so that the length of an array is bounded by the bytes that are left.
    public override int MinimumBytes { get; } = Math.Max(1, layout.Fields.Sum(field => field.Value.MinimumBytes));

    public override void Write(object? value, BodyWriter body)
    {
        layout.WriteFields(value!, body);
        if (layout.Fields.Length == 0)
        {
            body.Output.WriteByte(0);
        }
    }

    public override object? Read(ref ClosureInput input, object?[] objects)
    {
        var value = RuntimeHelpers.GetUninitializedObject(layout.Type);
        layout.ReadFields(value, ref input, objects);
        if (layout.Fields.Length == 0)
        {
            input.ReadByte();
        }

        return value;
    }

    public override void Visit(object? value, GraphVisitor visitor) => layout.VisitFields(value!, visitor);

    public override void Describe(HeaderWriter header) => header.WriteNumber(header.ShapeIndex(layout));
}
