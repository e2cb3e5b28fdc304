using Dpark.Codecs;

namespace Dpark.Accumulators;

/// <summary>What one attempt has added so far, by accumulator. Used by the attempt's thread only.</summary>
internal sealed class AttemptTotals
{
    /// <summary>Most bytes of all updates of one attempt, so that a report fits into one message: 512 KiB.</summary>
    public const int MaxBytes = 512 << 10;

    // A task has few accumulators, so looking through them is the fastest way to find one.
    private readonly List<AttemptTotal> _totals = [];

    /// <summary>The total of an accumulator in this attempt; a new one begins with its zero value.</summary>
    public AttemptTotal<TTotal> Of<TTotal>(AccumulatorId id, Func<TTotal> zero)
    {
        foreach (var known in _totals)
        {
            if (known.Id == id)
            {
                return (AttemptTotal<TTotal>)known;
            }
        }

        var total = new AttemptTotal<TTotal>(id, zero());
        _totals.Add(total);
        return total;
    }

    /// <exception cref="InvalidOperationException">They are too large for one message.</exception>
    public AccumulatorUpdate[] Encode()
    {
        var updates = new AccumulatorUpdate[_totals.Count];
        var bytes = 0L;
        for (var i = 0; i < updates.Length; i++)
        {
            updates[i] = _totals[i].Encode();
            bytes += updates[i].Total.Length;
        }

        return bytes <= MaxBytes ? updates : throw new InvalidOperationException(
            $"A task added {bytes} bytes to its accumulators ({string.Join(", ", _totals.Select(total => total.Id))}), more than the {MaxBytes} that a report may carry. " +
            "Accumulators are for counts and small sets; make what is larger a result of the job, or save it to files.");
    }
}

/// <summary>What one attempt has added to one accumulator.</summary>
internal abstract class AttemptTotal(AccumulatorId id)
{
    public AccumulatorId Id { get; } = id;

    public abstract AccumulatorUpdate Encode();
}

/// <inheritdoc/>
internal sealed class AttemptTotal<TTotal>(AccumulatorId id, TTotal zero) : AttemptTotal(id)
{
    public TTotal Value { get; set; } = zero;

    public override AccumulatorUpdate Encode() => new(Id, RecordBlock.Encode<TTotal>([Value]));
}
