namespace Orleans.Runtime.GrainDirectory;

/// <summary>
/// Hashes after <paramref name="Begin"/> up to and with <paramref name="End"/>, around the end of the numbers if need be. Equal bounds: all hashes.
/// </summary>
[GenerateSerializer, Immutable, Alias("orleans.HashRange")]
internal readonly record struct HashRange([property: Id(0)] uint Begin, [property: Id(1)] uint End)
{
    public bool Contains(uint hash) => Begin < End ? hash > Begin && hash <= End : hash > Begin || hash <= End;
}
