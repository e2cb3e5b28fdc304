using Dpark.Rdds;

namespace Dpark.Partitioning;

/// <summary>The order that sorting uses when the caller names none: the same on every machine, so strings compare by UTF-16 code units, also inside tuples.</summary>
internal static class DefaultOrder<T>
{
    /// <summary>Null is less than everything else. Thread-safe.</summary>
    public static IComparer<T> Comparer { get; } = OrdinalOrder.Create<T>();

    /// <summary>Checks that values can be compared, when the operator is called.</summary>
    /// <exception cref="InvalidOperationException">They cannot.</exception>
    public static void EnsureComparable(CallSite callSite)
    {
        var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        var mayHaveComparableSubclass = !type.IsSealed && !type.IsValueType;
        if (!mayHaveComparableSubclass && !typeof(IComparable).IsAssignableFrom(type) && !typeof(IComparable<T>).IsAssignableFrom(type))
        {
            throw new InvalidOperationException(
                $"{callSite} orders by {type}, which has no order of its own. Give a comparer, or a key that implements IComparable.");
        }
    }
}
