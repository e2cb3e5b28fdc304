using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Dpark.Shuffle;

/// <summary>Adds a value to a combined one: a struct of its own for each way, so that a loop over it is compiled for it.</summary>
internal interface IMerge<TCombined, TValue>
{
    /// <summary>The combined value with the other one added.</summary>
    TCombined Merge(TCombined combined, TValue value);
}

/// <summary>Calls the user's function.</summary>
internal readonly struct CalledMerge<TCombined, TValue>(Func<TCombined, TValue, TCombined> merge) : IMerge<TCombined, TValue>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TCombined Merge(TCombined combined, TValue value) => merge(combined, value);
}

/// <summary>
/// Adds numbers of one type, as the functions of most <c>ReduceByKey</c> do: the call of such a function takes longer than the addition, and what it does is not known
/// to the loop around it.
/// </summary>
internal readonly struct Addition<TCombined, TValue> : IMerge<TCombined, TValue>
{
    /// <summary>
    /// Whether a sum begins with its first value and one function does nothing else than to add, for numbers that this can add. Only known of functions in optimized
    /// assemblies: in a debuggable one they are called, so that one can stop in them.
    /// </summary>
    public static bool Is(Func<TValue, TCombined> create, Func<TCombined, TValue, TCombined> merge) =>
        typeof(TCombined) == typeof(TValue) && IsNumber &&
        HasBody(create, [OpCodes.Ldarg_0, OpCodes.Ret], [OpCodes.Ldarg_1, OpCodes.Ret]) &&
        HasBody(merge, [OpCodes.Ldarg_0, OpCodes.Ldarg_1, OpCodes.Add, OpCodes.Ret], [OpCodes.Ldarg_1, OpCodes.Ldarg_2, OpCodes.Add, OpCodes.Ret]);

    /// <summary>A value if it counts, else the one that makes of any other one just that when it is added; without a branch. For floating point that is -0: 0 would make 0 of -0.</summary>
    /// <param name="counts">1 or 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TCombined OrNothing(TCombined value, ulong counts)
    {
        if (Unsafe.SizeOf<TCombined>() == sizeof(int))
        {
            var nothing = typeof(TCombined) == typeof(float) ? 1u << 31 : 0;
            var mask = 0 - (uint)counts;
            return Unsafe.BitCast<uint, TCombined>((Unsafe.BitCast<TCombined, uint>(value) & mask) | (nothing & ~mask));
        }
        else
        {
            var nothing = typeof(TCombined) == typeof(double) ? 1ul << 63 : 0;
            var mask = 0 - counts;
            return Unsafe.BitCast<ulong, TCombined>((Unsafe.BitCast<TCombined, ulong>(value) & mask) | (nothing & ~mask));
        }
    }

    /// <summary>Whether a value is the one that <see cref="OrNothing"/> gives for one that does not count. A sum may be, too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsNothing(TCombined value) => Unsafe.SizeOf<TCombined>() == sizeof(int)
        ? Unsafe.BitCast<TCombined, uint>(value) == (typeof(TCombined) == typeof(float) ? 1u << 31 : 0)
        : Unsafe.BitCast<TCombined, ulong>(value) == (typeof(TCombined) == typeof(double) ? 1ul << 63 : 0);

    private static bool IsNumber =>
        typeof(TValue) == typeof(long) || typeof(TValue) == typeof(int) || typeof(TValue) == typeof(ulong) || typeof(TValue) == typeof(uint) ||
        typeof(TValue) == typeof(double) || typeof(TValue) == typeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TCombined Merge(TCombined combined, TValue value)
    {
        if (typeof(TValue) == typeof(double))
        {
            return Unsafe.BitCast<double, TCombined>(Unsafe.BitCast<TCombined, double>(combined) + Unsafe.BitCast<TValue, double>(value));
        }

        if (typeof(TValue) == typeof(float))
        {
            return Unsafe.BitCast<float, TCombined>(Unsafe.BitCast<TCombined, float>(combined) + Unsafe.BitCast<TValue, float>(value));
        }

        return Unsafe.SizeOf<TValue>() == sizeof(int)
            ? Unsafe.BitCast<int, TCombined>(Unsafe.BitCast<TCombined, int>(combined) + Unsafe.BitCast<TValue, int>(value))
            : Unsafe.BitCast<long, TCombined>(Unsafe.BitCast<TCombined, long>(combined) + Unsafe.BitCast<TValue, long>(value));
    }

    private static bool HasBody(Delegate function, ReadOnlySpan<OpCode> ofStatic, ReadOnlySpan<OpCode> ofInstance)
    {
        if (!function.HasSingleTarget || BodyOf(function.Method) is not { } body)
        {
            return false;
        }

        // Each of these instructions is one byte. A static method with a target has it as its first argument.
        var wanted = function.Method.IsStatic && function.Target is null ? ofStatic : ofInstance;
        var isSame = body.Length == wanted.Length;
        for (var i = 0; isSame && i < body.Length; i++)
        {
            isSame = body[i] == wanted[i].Value;
        }

        return isSame;
    }

    private static byte[]? BodyOf(MethodInfo method)
    {
        try
        {
            return method.GetMethodBody()?.GetILAsByteArray();
        }
        catch (Exception exception) when (exception is InvalidOperationException or NotSupportedException)
        {
            // Made at run time, or its assembly has no code of its own any more.
            return null;
        }
    }
}
