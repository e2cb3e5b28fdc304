using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Dpark.Closures.Format;
using Dpark.Closures.Surrogates;

namespace Dpark.Closures.Shapes;

/// <summary>An object by its fields, private and inherited ones included; also a boxed struct. The part of a collection stands in for fields of its level.</summary>
internal sealed class ObjectShape(Type type, FieldSlot[] fields, Surrogate? surrogate) : Shape
{
    private const int MaxPruned = 64;

    // A copy owns none of what a finalizer would release.
    private readonly bool _hasFinalizer = type.IsClass &&
        type.GetMethod("Finalize", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public, Type.EmptyTypes)?.DeclaringType != typeof(object);

    // Which fields travel follows from the functions of a scope that a graph has, of which there are few sets.
    private readonly List<(bool[] Mask, ObjectShape Shape)> _pruned = [];
    private readonly int _minimumBytes = fields.Sum(field => field.Value.MinimumBytes);

    public override ShapeKind Kind => ShapeKind.Object;

    public override Type Type => type;

    public FieldSlot[] Fields => fields;

    /// <summary>Takes the level of the type's hierarchy apart that cannot travel by its fields; <see langword="null"/> if there is none.</summary>
    public Surrogate? Surrogate => surrogate;

    /// <summary>Compiler-made singletons of lambdas that capture nothing have neither state nor an identity that anybody sees.</summary>
    public override bool IsConstant { get; } = fields.Length == 0 && surrogate is null && type.Name.StartsWith("<>c", StringComparison.Ordinal);

    /// <summary>The same type with some fields only. Mostly one object for equal masks.</summary>
    public ObjectShape Prune(bool[] mask)
    {
        lock (_pruned)
        {
            foreach (var (known, shape) in _pruned)
            {
                if (known.AsSpan().SequenceEqual(mask))
                {
                    return shape;
                }
            }

            var pruned = new ObjectShape(type, [.. fields.Where((_, i) => mask[i])], null);
            if (_pruned.Count < MaxPruned)
            {
                _pruned.Add(([.. mask], pruned));
            }

            return pruned;
        }
    }

    public override void Describe(HeaderWriter header)
    {
        header.WriteNumber(header.TypeIndex(type));
        header.WriteNumber(fields.Length);
        foreach (var slot in fields)
        {
            header.WriteNumber(header.TypeIndex(slot.Field.DeclaringType!));
            header.WriteText(slot.Field.Name);
            header.WriteValueShape(slot.Value);
        }

        header.WriteNumber(surrogate is null ? 0 : header.TypeIndex(surrogate.Level) + 1);
    }

    public override void Visit(object value, GraphVisitor visitor) => VisitFields(value, visitor);

    public void VisitFields(object value, GraphVisitor visitor)
    {
        foreach (var slot in fields)
        {
            VisitField(slot, value, visitor);
        }
    }

    public static void VisitField(FieldSlot slot, object value, GraphVisitor visitor)
    {
        if (slot.Refusal is not null)
        {
            visitor.OnRefused(slot);
        }
        else if (slot.Value.HasReferences)
        {
            slot.Value.Visit(slot.Field.GetValue(value), visitor);
        }
    }

    [SuppressMessage("Usage", "CA1816", Justification = "The object is a copy that was never constructed; its finalizer has nothing to release.")]
    public override object Create(ref ClosureInput input, in CreationContext context)
    {
        var value = RuntimeHelpers.GetUninitializedObject(type);
        if (_hasFinalizer)
        {
            GC.SuppressFinalize(value);
        }

        return value;
    }

    public override long SkipCreation(ref ClosureInput input) => _minimumBytes;

    public override void WriteContent(object value, BodyWriter body) => WriteFields(value, body);

    public override void Fill(object value, ref ClosureInput input, object?[] objects) => ReadFields(value, ref input, objects);

    public void WriteFields(object value, BodyWriter body)
    {
        foreach (var slot in fields)
        {
            slot.Value.Write(slot.Field.GetValue(value), body);
        }
    }

    public void ReadFields(object value, ref ClosureInput input, object?[] objects)
    {
        foreach (var slot in fields)
        {
            // Objects start as zeros. Leaving a null out also spares loading the field's type.
            if (slot.Value.Read(ref input, objects) is { } content)
            {
                slot.Field.SetValue(value, content);
            }
        }
    }
}
