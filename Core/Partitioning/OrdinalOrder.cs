using System.Collections;
using System.Runtime.CompilerServices;

namespace Dpark.Partitioning;

/// <summary>Makes the comparers of <see cref="DefaultOrder{T}"/>.</summary>
internal static class OrdinalOrder
{
    public static IComparer<T> Create<T>()
    {
        if (typeof(T) == typeof(string))
        {
            return (IComparer<T>)(object)StringComparer.Ordinal;
        }

        if (!HoldsStrings(typeof(T)))
        {
            return Comparer<T>.Default;
        }

        var items = typeof(T).GetGenericArguments();
        var order = items.Length switch
        {
            2 => typeof(PairOrder<,>).MakeGenericType(items),
            3 => typeof(TripleOrder<,,>).MakeGenericType(items),
            _ => typeof(TupleOrder<>).MakeGenericType(typeof(T)),
        };
        return (IComparer<T>)Activator.CreateInstance(order)!;
    }

    private static bool HoldsStrings(Type type) =>
        type == typeof(string) || (typeof(ITuple).IsAssignableFrom(type) && type.IsValueType && type.GetGenericArguments().Any(HoldsStrings));

    private sealed class PairOrder<T1, T2> : IComparer<(T1 First, T2 Second)>
    {
        public int Compare((T1 First, T2 Second) x, (T1 First, T2 Second) y)
        {
            var first = DefaultOrder<T1>.Comparer.Compare(x.First, y.First);
            return first != 0 ? first : DefaultOrder<T2>.Comparer.Compare(x.Second, y.Second);
        }
    }

    private sealed class TripleOrder<T1, T2, T3> : IComparer<(T1 First, T2 Second, T3 Third)>
    {
        public int Compare((T1 First, T2 Second, T3 Third) x, (T1 First, T2 Second, T3 Third) y)
        {
            var first = DefaultOrder<T1>.Comparer.Compare(x.First, y.First);
            if (first != 0)
            {
                return first;
            }

            var second = DefaultOrder<T2>.Comparer.Compare(x.Second, y.Second);
            return second != 0 ? second : DefaultOrder<T3>.Comparer.Compare(x.Third, y.Third);
        }
    }

    /// <summary>Longer tuples, which are rare as keys: boxes each item that it compares.</summary>
    private sealed class TupleOrder<T> : IComparer<T>, IComparer
    {
        public int Compare(T? x, T? y) => ((IStructuralComparable)x!).CompareTo(y, this);

        public int Compare(object? x, object? y) => (x, y) switch
        {
            (string left, string right) => string.CompareOrdinal(left, right),
            (IStructuralComparable left, ITuple) => left.CompareTo(y, this),
            _ => Comparer.Default.Compare(x, y),
        };
    }
}
