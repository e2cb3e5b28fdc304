using System.Runtime.CompilerServices;
using Dpark.Rdds.Operators;

namespace Dpark.Rdds;

// The names of LINQ's query pattern, so that query syntax works. They add nothing to the operators that they call.
public abstract partial class Rdd<T>
{
    /// <summary>LINQ's name for <see cref="Map"/>.</summary>
    /// <example><code>var long = from line in lines where line.Length > 80 select line.Trim();</code></example>
    public Rdd<TOut> Select<TOut>(Func<T, TOut> selector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new MappedRdd<T, TOut>(this, selector, Check(selector, nameof(Select), file, line));

    /// <summary>LINQ's name for <see cref="Filter"/>.</summary>
    public Rdd<T> Where(Func<T, bool> predicate, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new FilteredRdd<T>(this, predicate, Check(predicate, nameof(Where), file, line));

    /// <summary>LINQ's name for <see cref="FlatMap"/>.</summary>
    public Rdd<TOut> SelectMany<TOut>(Func<T, IEnumerable<TOut>> selector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        new FlatMappedRdd<T, TOut>(this, selector, Check(selector, nameof(SelectMany), file, line));

    /// <summary>As <see cref="FlatMap"/>, with a function of the element and of each item that it becomes: two <c>from</c> clauses in a row.</summary>
    public Rdd<TOut> SelectMany<TItem, TOut>(
        Func<T, IEnumerable<TItem>> collectionSelector, Func<T, TItem, TOut> resultSelector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        var callSite = Check(collectionSelector, nameof(SelectMany), file, line);
        Check(resultSelector, nameof(SelectMany), file, line);
        return new FlatMappedRdd<T, TOut>(this, element => collectionSelector(element).Select(item => resultSelector(element, item)), callSite);
    }

    /// <summary>As the other <c>GroupBy</c>, with a function for the values.</summary>
    public Rdd<(TKey Key, TElement[] Values)> GroupBy<TKey, TElement>(
        Func<T, TKey> keySelector, Func<T, TElement> elementSelector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        var callSite = Check(keySelector, nameof(GroupBy), file, line);
        Check(elementSelector, nameof(GroupBy), file, line);
        var keyed = new MappedRdd<T, (TKey Key, TElement Value)>(this, element => (keySelector(element), elementSelector(element)), callSite);
        return PairOperators.Group(keyed, partitionCount: null, callSite);
    }

    /// <summary>LINQ's join: one result for each pair of elements with equal keys. The outer side of a partition is held in memory.</summary>
    public Rdd<TResult> Join<TInner, TKey, TResult>(
        Rdd<TInner> inner,
        Func<T, TKey> outerKeySelector,
        Func<TInner, TKey> innerKeySelector,
        Func<T, TInner, TResult> resultSelector,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(inner);
        var callSite = Check(outerKeySelector, nameof(Join), file, line);
        Check(innerKeySelector, nameof(Join), file, line);
        Check(resultSelector, nameof(Join), file, line);
        var joined = PairOperators.Join<TKey, T, TInner, T, TInner>(
            new KeyedRdd<TKey, T>(this, outerKeySelector, callSite),
            new KeyedRdd<TKey, TInner>(inner, innerKeySelector, callSite),
            partitionCount: null,
            UnmatchedPairs.None,
            (static value => value, static value => value),
            callSite);
        return new MappedRdd<(TKey Key, (T Left, TInner Right) Value), TResult>(
            joined, pair => resultSelector(pair.Value.Left, pair.Value.Right), callSite);
    }

    /// <summary>LINQ's name for <see cref="SortBy"/>, ascending.</summary>
    public Rdd<T> OrderBy<TKey>(Func<T, TKey> keySelector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        SortOperator.Create(this, keySelector, isDescending: false, partitionCount: null, comparer: null, Check(keySelector, nameof(OrderBy), file, line));

    /// <summary>LINQ's name for <see cref="SortBy"/>, descending.</summary>
    public Rdd<T> OrderByDescending<TKey>(Func<T, TKey> keySelector, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        SortOperator.Create(
            this, keySelector, isDescending: true, partitionCount: null, comparer: null, Check(keySelector, nameof(OrderByDescending), file, line));
}
