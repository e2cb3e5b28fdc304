using System.Reflection;
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

/// <summary>Adds numbers of one type, which is what most functions of a <c>ReduceByKey</c> do: the call of such a function takes longer than the addition and all that the table does for a place in the cache.</summary>
internal readonly struct Addition<TCombined, TValue> : IMerge<TCombined, TValue>
{
    // The whole body of a function that adds its arguments unchecked, in an optimized assembly. Debuggable ones have more instructions: there the function is called, and can be stopped in.
    private static readonly byte[] BodyOfStatic = [(byte)OpCode.LoadArgument0, (byte)OpCode.LoadArgument1, (byte)OpCode.Add, (byte)OpCode.Return];
    private static readonly byte[] BodyOfInstance = [(byte)OpCode.LoadArgument1, (byte)OpCode.LoadArgument2, (byte)OpCode.Add, (byte)OpCode.Return];

    private enum OpCode : byte
    {
        LoadArgument0 = 0x02,
        LoadArgument1 = 0x03,
        LoadArgument2 = 0x04,
        Return = 0x2A,
        Add = 0x58,
    }

    /// <summary>Whether a function does nothing else than to add its arguments, and they are numbers that this can add.</summary>
    public static bool Is(Func<TCombined, TValue, TCombined> function)
    {
        if (typeof(TCombined) != typeof(TValue) ||
            !(typeof(TValue) == typeof(long) || typeof(TValue) == typeof(int) || typeof(TValue) == typeof(ulong) || typeof(TValue) == typeof(uint) ||
              typeof(TValue) == typeof(double) || typeof(TValue) == typeof(float)) ||
            !function.HasSingleTarget)
        {
            return false;
        }

        return BodyOf(function.Method) is { } body && body.AsSpan().SequenceEqual(function.Method.IsStatic ? BodyOfStatic : BodyOfInstance);
    }

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
