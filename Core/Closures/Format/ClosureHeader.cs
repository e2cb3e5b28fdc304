using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>The tables of a closure, with all types and methods found. Immutable.</summary>
internal sealed record ClosureHeader(Shape[] Shapes);
