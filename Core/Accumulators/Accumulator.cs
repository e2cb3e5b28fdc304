using Dpark.Codecs;
using Dpark.Tasks;

namespace Dpark.Accumulators;

/// <summary>A total that tasks add to and the driver reads, such as a count of lines that could not be read.</summary>
/// <remarks>
/// <para>
/// A lambda captures it and calls <see cref="Add"/>. What an attempt adds travels with its report, and counts when the attempt is the first of its partition that
/// succeeds: failed, cancelled and second attempts count for nothing, however often their reports arrive. In the last stage of a job, that is once per partition
/// of the action. In a map stage, it is once per map output of the shuffle, also when the output is lost and computed again.
/// </para>
/// <para>
/// Operators are lazy: what a transformation adds is there after an action, and another action that computes the transformation again, because nothing between was
/// shuffled or cached, adds again.
/// </para>
/// <para>In the driver it is thread-safe; in a task it is used by the task's own thread.</para>
/// </remarks>
/// <typeparam name="TValue">What is added.</typeparam>
/// <typeparam name="TTotal">What it adds up to; travels like a record.</typeparam>
public sealed class Accumulator<TValue, TTotal> : IDriverAccumulator
{
    private const int MaxTextLength = 200;

    private readonly Func<TTotal> _zero;
    private readonly Func<TTotal, TValue, TTotal> _add;

    [NonSerialized]
    private readonly Func<TTotal, TTotal, TTotal>? _merge;

    // Only the driver's own object has it; the copies that tasks get do not.
    [NonSerialized]
    private readonly Lock? _gate;

    [NonSerialized]
    private TTotal _total;

    /// <exception cref="UnsupportedRecordTypeException"><typeparamref name="TTotal"/> cannot travel.</exception>
    internal Accumulator(AccumulatorId id, string? name, Func<TTotal> zero, Func<TTotal, TValue, TTotal> add, Func<TTotal, TTotal, TTotal> merge)
    {
        RecordCodec.EnsureSupported<TTotal>();
        Id = id;
        Name = name;
        _zero = zero;
        _add = add;
        _merge = merge;
        _gate = new();
        _total = zero();
    }

    /// <summary>Names it within its application.</summary>
    public AccumulatorId Id { get; }

    /// <summary>What it is shown by with the jobs that add to it; <see langword="null"/> if it is not shown.</summary>
    public string? Name { get; }

    /// <summary>The total so far, of all actions together. It is not a copy. Driver only.</summary>
    /// <exception cref="InvalidOperationException">Asked for inside a task, which sees only what it has added itself.</exception>
    public TTotal Value
    {
        get
        {
            if (TaskContext.Current is not null || _gate is null)
            {
                throw new InvalidOperationException($"{this} was read inside a task, which knows only its own part. Read it in the driver, after the action.");
            }

            lock (_gate)
            {
                return _total;
            }
        }
    }

    string IDriverAccumulator.Text
    {
        get
        {
            var text = FormattableString.Invariant($"{Value}");
            return text.Length <= MaxTextLength ? text : string.Concat(text.AsSpan(0, MaxTextLength), "...");
        }
    }

    /// <summary>Adds a value: in a task to the task's part, in the driver to the total.</summary>
    /// <exception cref="InvalidOperationException">Called in a task, but on another thread than the task's.</exception>
    public void Add(TValue value)
    {
        if (TaskContext.Current is { } context)
        {
            var total = context.Totals.Of(Id, _zero);
            total.Value = _add(total.Value, value);
            return;
        }

        if (_gate is null)
        {
            throw new InvalidOperationException($"{this} was added to on a thread that the task started itself. Add on the task's own thread, once the others are done.");
        }

        lock (_gate)
        {
            _total = _add(_total, value);
        }
    }

    /// <summary>Starts again from the zero value. Driver only.</summary>
    /// <returns>The total before.</returns>
    /// <exception cref="InvalidOperationException">Called inside a task.</exception>
    public TTotal Reset()
    {
        var zero = _zero();
        var total = Value;
        lock (_gate!)
        {
            (total, _total) = (_total, zero);
        }

        return total;
    }

    /// <summary>Its name, or its id if it has none.</summary>
    public override string ToString() => Name is null ? Id.ToString() : $"{Id} ({Name})";

    void IDriverAccumulator.Merge(ReadOnlyMemory<byte> total)
    {
        using var reader = RecordBlock.Open<TTotal>(total);
        var records = reader.Next();
        if (records.Length != 1)
        {
            throw new InvalidDataException($"An update of {this} has {records.Length} records instead of one.");
        }

        var part = records[0];
        lock (_gate!)
        {
            _total = _merge!(_total, part);
        }
    }
}
