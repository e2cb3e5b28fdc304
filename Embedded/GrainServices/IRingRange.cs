namespace Orleans.Runtime;

/// <summary>A part of the ring of hashes.</summary>
public interface IRingRange
{
    /// <summary>Whether the number is in the range.</summary>
    bool InRange(uint n);

    /// <summary>Whether the hash of the grain is in the range.</summary>
    sealed bool InRange(GrainId grainId) => InRange(grainId.GetUniformHashCode());
}

/// <summary>A range without gaps: what comes after <see cref="Begin"/> up to and with <see cref="End"/>. Equal bounds: everything.</summary>
public interface ISingleRange : IRingRange
{
    /// <summary>The number before the first.</summary>
    uint Begin { get; }

    /// <summary>The last number.</summary>
    uint End { get; }
}
