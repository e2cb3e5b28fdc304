using System.Globalization;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>Names the way from an object to one that it refers to, as a person would. Only for messages: it looks through the object again.</summary>
internal static class EdgeLabels
{
    /// <summary>Such as <c>connection</c>, <c>pair.Item1</c> or <c>[3]</c>; empty for links that nobody wrote.</summary>
    public static string Of(GraphNode holder, object child) => holder.Shape switch
    {
        DelegateShape => TypeLayout.Of(child.GetType()).IsClosureClass ? "" : "this",
        ObjectShape shape => OfField(shape, holder.Value, child) ?? OfPart(shape, holder.Parts, child),
        ArrayShape shape => OfElement(shape, (Array)holder.Value, child),
        _ => "",
    };

    private static string? OfField(ObjectShape shape, object holder, object child)
    {
        foreach (var slot in shape.Fields)
        {
            if (slot.Refusal is null && slot.Value.HasReferences && Find(slot.Value, slot.Field.GetValue(holder), child) is { } rest)
            {
                var name = DisplayNames.Member(slot.Field.Name);
                return rest.Length == 0 ? name : $"{name}.{rest}";
            }
        }

        return null;
    }

    private static string OfPart(ObjectShape shape, object?[]? parts, object child)
    {
        var index = parts is null ? -1 : Array.FindIndex(parts, part => ReferenceEquals(part, child));
        return index < 0 || shape.Surrogate is null ? "" : shape.Surrogate.PartName(index);
    }

    private static string OfElement(ArrayShape shape, Array holder, object child)
    {
        var index = 0;
        foreach (var item in holder)
        {
            if (Find(shape.Element, item, child) is { } rest)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"[{index}]");
                return rest.Length == 0 ? name : $"{name}.{rest}";
            }

            index++;
        }

        return "";
    }

    // The path inside a value: empty if it is the child, null if it does not hold it.
    private static string? Find(ValueShape shape, object? value, object child) => shape switch
    {
        ReferenceShape => ReferenceEquals(value, child) ? "" : null,
        NullableShape nullable => value is null ? null : Find(nullable.Inner, value, child),
        StructShape inner => value is null ? null : OfField(inner.Layout, value, child),
        _ => null,
    };
}
