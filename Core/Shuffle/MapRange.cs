namespace Dpark.Shuffle;

/// <summary>Neighbouring map outputs of a shuffle.</summary>
/// <param name="First">The first map, from 0.</param>
/// <param name="Count">How many; at least 1. More than there are means all that follow.</param>
public readonly record struct MapRange(int First, int Count)
{
    /// <summary>All map outputs, however many there are.</summary>
    public static MapRange All { get; } = new(0, int.MaxValue);

    /// <summary>Whether a map belongs to it.</summary>
    public bool Contains(int mapIndex) => mapIndex >= First && mapIndex - First < Count;

    /// <summary>For messages, such as <c>maps 3 to 7</c>.</summary>
    public override string ToString() => this == All ? "all maps" : Count == 1 ? $"map {First}" : $"maps {First} to {First + Count - 1}";
}
