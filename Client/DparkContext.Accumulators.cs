using System.Runtime.CompilerServices;
using Dpark.Accumulators;

namespace Dpark;

// Totals that tasks add to.
public sealed partial class DparkContext
{
    private int _nextAccumulator = -1;

    /// <summary>A whole number that tasks add to, from 0. See <see cref="Accumulator{TValue,TTotal}"/> for what counts when.</summary>
    /// <param name="name">What it is shown by with the jobs that add to it; <see langword="null"/> if it is not to be shown.</param>
    /// <example><code>
    /// var bad = dpark.LongAccumulator("bad lines");
    /// var good = await lines.Filter(line => { if (line.Length == 0) { bad.Add(1); return false; } return true; }).CountAsync();
    /// </code></example>
    public Accumulator<long, long> LongAccumulator(string? name = null) => Add<long, long>(name, static () => 0, static (total, value) => total + value, static (one, other) => one + other);

    /// <summary>As <see cref="LongAccumulator"/>, for numbers with a fraction. The order of additions, and with it the last bits, may differ between runs.</summary>
    public Accumulator<double, double> DoubleAccumulator(string? name = null) =>
        Add<double, double>(name, static () => 0, static (total, value) => total + value, static (one, other) => one + other);

    /// <summary>A list that tasks add elements to, in no particular order. For few elements: those of one task travel with its report.</summary>
    public Accumulator<T, List<T>> CollectionAccumulator<T>(string? name = null) => Add<T, List<T>>(
        name,
        static () => [],
        static (total, value) =>
        {
            total.Add(value);
            return total;
        },
        static (one, other) =>
        {
            one.AddRange(other);
            return one;
        });

    /// <summary>A total of any kind, such as a set, a maximum or a histogram.</summary>
    /// <param name="zero">A new total to which nothing was added. Called once per attempt that adds, and here.</param>
    /// <param name="add">Adds a value; may change the total and return it.</param>
    /// <param name="merge">Adds two totals, in any order; may change the first and return it. Called in the driver.</param>
    /// <exception cref="Closures.ClosureException">A function captures something that cannot travel.</exception>
    /// <exception cref="Codecs.UnsupportedRecordTypeException"><typeparamref name="TTotal"/> cannot travel.</exception>
    public Accumulator<TValue, TTotal> Accumulator<TValue, TTotal>(
        Func<TTotal> zero,
        Func<TTotal, TValue, TTotal> add,
        Func<TTotal, TTotal, TTotal> merge,
        string? name = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(zero);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(merge);
        var callSite = new Rdds.CallSite(nameof(Accumulator), file, line);
        CheckClosure(zero, callSite);
        CheckClosure(add, callSite);
        return Add(name, zero, add, merge);
    }

    private Accumulator<TValue, TTotal> Add<TValue, TTotal>(
        string? name, Func<TTotal> zero, Func<TTotal, TValue, TTotal> add, Func<TTotal, TTotal, TTotal> merge)
    {
        var accumulator = new Accumulator<TValue, TTotal>(new(Interlocked.Increment(ref _nextAccumulator)), name, zero, add, merge);
        _session.Accumulators.Add(accumulator);
        return accumulator;
    }
}
