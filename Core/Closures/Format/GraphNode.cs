using Dpark.Broadcasting;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>One object of a graph that is being written.</summary>
internal struct GraphNode
{
    public object Value;

    public Shape Shape;

    /// <summary>The node that it was first reached from; -1 for the root.</summary>
    public int Parent;

    /// <summary>Which fields travel; <see langword="null"/> for all.</summary>
    public bool[]? Mask;

    /// <summary>What a surrogate took it apart into, or the delegates of a list.</summary>
    public object?[]? Parts;

    /// <summary>Set if the value travels as a broadcast.</summary>
    public BroadcastId Broadcast;

    /// <summary>Whether all of it was looked at; then, whether that was on behalf of user code.</summary>
    public bool IsExpanded, IsExpandedForUser;
}
