using System.Runtime.CompilerServices;
using Dpark.Codecs;
using Dpark.Rdds.Actions;

namespace Dpark.Rdds;

// Actions: each runs a job and gives its result to the driver. All throw OperationCanceledException when cancelled, and JobFailedException when a task
// fails for good.
public abstract partial class Rdd<T>
{
    /// <summary>All elements, in order. They must fit in the driver's memory; <c>await foreach</c> over the RDD streams instead.</summary>
    /// <example><code>string[] first = await lines.Filter(IsHeading).CollectAsync();</code></example>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<T[]> CollectAsync(
        CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = ActionSite<T>(nameof(CollectAsync), file, line);
        return [.. await JobRunner.CollectAsync(this, callSite, cancellationToken).ConfigureAwait(false)];
    }

    /// <summary>The number of elements.</summary>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<long> CountAsync(
        CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var counts = await SummarizeAsync(CountSummary<T>.Instance, new CallSite(nameof(CountAsync), file, line), cancellationToken).ConfigureAwait(false);
        return counts.Sum();
    }

    /// <summary>The first elements, in order. Computes one partition, then two, four and so on, until there are enough.</summary>
    /// <param name="count">Most elements to return; 0 runs nothing.</param>
    /// <returns>Fewer than <paramref name="count"/> if there are not more.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public Task<T[]> TakeAsync(
        int count, CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return TakeAction.RunAsync(this, count, ActionSite<T>(nameof(TakeAsync), file, line), cancellationToken);
    }

    /// <summary>The first element.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<T> FirstAsync(
        CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = ActionSite<T>(nameof(FirstAsync), file, line);
        var elements = await TakeAction.RunAsync(this, 1, callSite, cancellationToken).ConfigureAwait(false);
        return elements.Length > 0 ? elements[0] : throw NoElements(callSite, nameof(FirstOrDefaultAsync));
    }

    /// <summary>The first element, or the default value if there is none.</summary>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<T?> FirstOrDefaultAsync(
        CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = ActionSite<T>(nameof(FirstOrDefaultAsync), file, line);
        var elements = await TakeAction.RunAsync(this, 1, callSite, cancellationToken).ConfigureAwait(false);
        return elements.Length > 0 ? elements[0] : default;
    }

    /// <summary>The greatest elements, greatest first. Of equal ones the earlier come first, as after a stable descending sort.</summary>
    /// <param name="count">Most elements to return; each task keeps as many.</param>
    /// <param name="comparer">Travels to the workers. <see langword="null"/>: the natural order, null least, strings by UTF-16 code units, also in tuples.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">Elements have no order and no comparer is given.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public Task<T[]> TopAsync(
        int count,
        IComparer<T>? comparer = null,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) =>
        TopAction.RunAsync(this, count, static element => element, comparer, ActionSite<T>(nameof(TopAsync), file, line), cancellationToken);

    /// <summary>The elements with the greatest keys, greatest first. Of equal ones the earlier come first, as after a stable descending sort.</summary>
    /// <param name="count">Most elements to return; each task keeps as many.</param>
    /// <param name="by">Gives the key of an element; runs in tasks and in the driver.</param>
    /// <param name="comparer">Travels to the workers. <see langword="null"/>: the natural order, null least, strings by UTF-16 code units, also in tuples.</param>
    /// <example><code>var common = await counts.TopAsync(20, by: pair => pair.Value);</code></example>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="InvalidOperationException">The key has no order and no comparer is given.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public Task<T[]> TopAsync<TKey>(
        int count,
        Func<T, TKey> by,
        IComparer<TKey>? comparer = null,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        RecordCodec.EnsureSupported<T>();
        return TopAction.RunAsync(this, count, by, comparer, Check(by, nameof(TopAsync), file, line), cancellationToken);
    }

    /// <summary>Folds all elements into one.</summary>
    /// <param name="reduce">Must not depend on how elements are grouped; the results of partitions are folded in their order.</param>
    /// <exception cref="InvalidOperationException">There are no elements.</exception>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<T> ReduceAsync(
        Func<T, T, T> reduce, CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = Check(reduce, nameof(ReduceAsync), file, line);
        var results = await SummarizeAsync(new ReduceSummary<T>(reduce), callSite, cancellationToken).ConfigureAwait(false);
        return results.Count > 0 ? results.Aggregate(reduce) : throw NoElements(callSite, nameof(FoldAsync));
    }

    /// <summary>Folds all elements into one, starting from a value.</summary>
    /// <param name="zero">Start of each partition, as a copy, and of the fold of their results: it must change nothing when it is added several times.</param>
    /// <param name="fold">Must not depend on how elements are grouped. May change and return its first argument.</param>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<T> FoldAsync(
        T zero, Func<T, T, T> fold, CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = Check(fold, nameof(FoldAsync), file, line);
        var results = await SummarizeAsync(new AggregateSummary<T, T>(zero, fold), callSite, cancellationToken).ConfigureAwait(false);
        return results.Aggregate(zero, fold);
    }

    /// <summary>Folds all elements into a value of another type.</summary>
    /// <param name="zero">Start of each partition, as a copy, and of the joining of their results: it must change nothing when it is added several times.</param>
    /// <param name="add">Adds an element, in tasks. May change and return its first argument.</param>
    /// <param name="merge">Joins the results of partitions, in their order, in the driver. May change and return its first argument.</param>
    /// <exception cref="Closures.ClosureException">A function captures something that cannot travel.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public async Task<TResult> AggregateAsync<TResult>(
        TResult zero,
        Func<TResult, T, TResult> add,
        Func<TResult, TResult, TResult> merge,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(merge);
        var callSite = Check(add, nameof(AggregateAsync), file, line);
        var results = await SummarizeAsync(new AggregateSummary<T, TResult>(zero, add), callSite, cancellationToken).ConfigureAwait(false);
        return results.Aggregate(zero, merge);
    }

    /// <summary>Calls a function with each element, in the tasks. A task that is retried calls it again, so it should do no harm twice.</summary>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public Task ForEachAsync(
        Action<T> action, CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = Check(action, nameof(ForEachAsync), file, line);
        return SummarizeAsync(new ForEachSummary<T>(action), callSite, cancellationToken);
    }

    /// <summary>Calls a function once per partition with the stream of its elements, in the tasks. A task that is retried calls it again.</summary>
    /// <exception cref="Closures.ClosureException">The function captures something that cannot travel.</exception>
    /// <exception cref="Scheduling.JobFailedException">A task failed for good.</exception>
    public Task ForEachPartitionAsync(
        Action<IEnumerable<T>> action, CancellationToken cancellationToken = default, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = Check(action, nameof(ForEachPartitionAsync), file, line);
        return SummarizeAsync(new ForEachPartitionSummary<T>(action, callSite), callSite, cancellationToken);
    }

    /// <summary>Makes the summary of each partition and gathers them, in the order of the partitions.</summary>
    internal Task<List<TOut>> SummarizeAsync<TOut>(PartitionSummary<T, TOut> summary, CallSite callSite, CancellationToken cancellationToken)
    {
        RecordCodec.EnsureSupported<TOut>();
        return JobRunner.CollectAsync(new SummarizedRdd<T, TOut>(this, summary, callSite), callSite, cancellationToken);
    }

    private static CallSite ActionSite<TResult>(string action, string file, int line)
    {
        RecordCodec.EnsureSupported<TResult>();
        return new CallSite(action, file, line);
    }

    private static InvalidOperationException NoElements(CallSite callSite, string alternative) =>
        new($"{callSite} found no elements. Use {alternative} if there may be none.");
}
