namespace Dpark.Sorting;

/// <summary>An element to be sorted: the beginning of its key, and where <see cref="SortElements{T}"/> has it.</summary>
/// <param name="Prefix">Orders as the keys do, as far as it goes.</param>
/// <param name="Position">Ascends with the order in which elements were added.</param>
/// <param name="Length">Bytes of a text or slice; 0 for other elements.</param>
internal readonly record struct SortEntry(ulong Prefix, uint Position, int Length = 0);
