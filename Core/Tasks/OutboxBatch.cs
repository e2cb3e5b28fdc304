namespace Dpark.Tasks;

/// <summary>How far a driver has read the outbox of one worker. The default value is the beginning, of any outbox.</summary>
/// <param name="Generation">Which life of the outbox. A restarted worker has another one.</param>
/// <param name="Sequence">The last report that the driver has; 0 for none.</param>
[GenerateSerializer, Immutable, Alias("dpark.OutboxCursor")]
public readonly record struct OutboxCursor([property: Id(0)] Guid Generation, [property: Id(1)] long Sequence);

/// <summary>Consecutive reports of one application from one worker.</summary>
/// <param name="Generation">Which life of the outbox. If it is not the one the driver knows, reports were lost with the one before.</param>
/// <param name="FirstSequence">
/// Number of the first report. Not more than one above the driver's cursor; if it is less, the driver has the first ones already.
/// </param>
/// <param name="Reports">In the order in which the attempts ended. May be empty.</param>
[GenerateSerializer, Immutable, Alias("dpark.OutboxBatch")]
public sealed record OutboxBatch(
    [property: Id(0)] Guid Generation, [property: Id(1)] long FirstSequence, [property: Id(2)] TaskReport[] Reports)
{
    /// <summary>Where the next poll goes on.</summary>
    public OutboxCursor Next => new(Generation, FirstSequence + Reports.Length - 1);
}
