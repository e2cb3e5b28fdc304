using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Dpark.Closures.Analysis;

/// <summary>
/// Finds what a function can reach of what it captures, by reading its code. Lambdas of one scope share one object for all variables that any of them captures, and a
/// lambda that uses one field of <c>this</c> captures all of it; sending all that would drag in what the function never looks at. Thread-safe.
/// </summary>
/// <remarks>
/// <para>Only functions of the same scope can touch a closure object, and the compiler wrote all of them, so it is enough to collect every field that is read in the
/// function and in the compiler's methods that it uses: nested lambdas, local functions, iterators and async methods.</para>
/// <para>The outer <c>this</c> is an object like any other. Its fields can be told apart only while it stays in code that can be read: see <see cref="MethodScan"/>.</para>
/// <para>In doubt everything is sent. Plans are kept with the type that declares the function and hold definitions only, so they keep no application's code loaded.</para>
/// </remarks>
internal static class CaptureAnalyzer
{
    private static readonly CapturePlan Everything = new([], ReachesAll: true, ThisEscapes: true);

    private static readonly ConditionalWeakTable<Type, ConcurrentDictionary<int, CapturePlan>> Plans = [];

    /// <summary>What a delegate to this instance method can reach of its target.</summary>
    public static CapturePlan PlanOf(MethodInfo method)
    {
        var type = method.DeclaringType!;
        var plans = Plans.GetOrCreateValue(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
        return plans.TryGetValue(method.MetadataToken, out var known) ? known : plans.GetOrAdd(method.MetadataToken, Search(method));
    }

    private static CapturePlan Search(MethodInfo method)
    {
        try
        {
            return new CaptureSearch().Run(method);
        }
        catch (Exception e) when (e is NotSupportedException or BadImageFormatException or IOException or TypeLoadException or MissingMemberException or ArgumentException or InvalidOperationException)
        {
            // Code that refers to what is not there, or that no C# compiler writes.
            return Everything;
        }
    }
}
