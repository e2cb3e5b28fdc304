namespace Dpark.Closures.Shapes;

/// <summary>Receives what an object refers to.</summary>
internal abstract class GraphVisitor
{
    /// <summary>A reference; may be <see langword="null"/>.</summary>
    public abstract void OnReference(object? value);

    /// <summary>A field whose static type can never travel.</summary>
    public abstract void OnRefused(FieldSlot slot);
}
