namespace Dpark.Sorting;

/// <summary>An element to be sorted: the beginning of its key, and its position in the parent's order.</summary>
internal readonly record struct SortEntry(ulong Prefix, int Number) : IComparable<SortEntry>
{
    public int CompareTo(SortEntry other) => Prefix != other.Prefix ? Prefix.CompareTo(other.Prefix) : Number.CompareTo(other.Number);
}
