using Dpark.Broadcasting;

namespace Dpark.Closures.Format;

/// <summary>Writes objects whose numbers are settled. Used by one thread.</summary>
internal abstract class BodyWriter
{
    public ClosureOutput Output { get; } = new();

    /// <summary>Writes the number of an object plus 1, or 0 for <see langword="null"/>.</summary>
    public abstract void WriteReference(object? value);

    /// <summary>The id under which a captured value was published.</summary>
    public abstract BroadcastId BroadcastOf(object value);

    /// <summary>What an object was taken apart into when the graph was walked.</summary>
    public abstract object?[] PartsOf(object value);
}
