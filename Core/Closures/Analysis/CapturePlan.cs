using System.Reflection;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Analysis;

/// <summary>Which captured fields a function can reach. Immutable.</summary>
/// <param name="Fields">Fields of closure classes and of the outer <c>this</c> that are read, by module and metadata token.</param>
/// <param name="ReachesAll">Whether the code could not be followed, so that everything must be sent.</param>
/// <param name="ThisEscapes">Whether the outer <c>this</c> is used as a whole.</param>
internal sealed record CapturePlan(HashSet<(Module Module, int Token)> Fields, bool ReachesAll, bool ThisEscapes)
{
    /// <summary>Which fields to send of an object of this type; <see langword="null"/> for all.</summary>
    public bool[]? MaskOf(TypeLayout layout) =>
        layout.Shape is not ObjectShape shape || (ThisEscapes && !layout.IsClosureClass)
            ? null
            : Array.ConvertAll(shape.Fields, slot => ReachesAll || Fields.Contains((slot.Field.Module, slot.Field.MetadataToken)));
}
