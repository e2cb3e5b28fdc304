namespace Dpark.Accumulators;

/// <summary>What one attempt added to one accumulator. Travels with the attempt's report.</summary>
/// <param name="Total">A record block with one record: the zero value with everything that the attempt added.</param>
[GenerateSerializer, Immutable, Alias("dpark.AccumulatorUpdate")]
public sealed record AccumulatorUpdate([property: Id(0)] AccumulatorId Accumulator, [property: Id(1)] byte[] Total);
