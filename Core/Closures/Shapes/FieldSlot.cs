using System.Reflection;

namespace Dpark.Closures.Shapes;

/// <summary>One instance field that travels, or must not. Immutable.</summary>
/// <param name="Refusal">Set if no value of the field's static type can travel; <paramref name="Value"/> means nothing then.</param>
internal sealed record FieldSlot(FieldInfo Field, ValueShape Value, Refusal? Refusal);
