using System.Reflection;

namespace Dpark.Closures.Analysis;

/// <summary>What the analysis knows of a value on the stack: whether it is the outer <c>this</c>, or the address of a method.</summary>
internal readonly record struct TrackedValue(bool IsThis, MethodBase? Function)
{
    public static readonly TrackedValue Other;

    public static readonly TrackedValue This = new(IsThis: true, null);

    /// <summary>What is known where two ways meet.</summary>
    public static TrackedValue Join(TrackedValue a, TrackedValue b) => new(a.IsThis || b.IsThis, a.Function == b.Function ? a.Function : null);
}
