namespace Dpark.Shuffle;

/// <summary>How values of one key become one combined value. The functions must be associative over any grouping of the values.</summary>
/// <param name="Create">Starts a combined value from the first value of a key.</param>
/// <param name="Merge">Adds a value to a combined value. May change and return its first argument.</param>
/// <param name="MergeCombined">Joins two combined values of the same key. May change and return its first argument.</param>
public sealed record Aggregator<TValue, TCombined>(
    Func<TValue, TCombined> Create,
    Func<TCombined, TValue, TCombined> Merge,
    Func<TCombined, TCombined, TCombined> MergeCombined);
