using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>Values without padding and without references, as their memory, little-endian.</summary>
internal class FixedCodec<T>(string shape) : RecordCodec<T>
    where T : unmanaged
{
    internal sealed override string Shape => shape;

    internal sealed override int FixedBytes => Unsafe.SizeOf<T>();

    internal sealed override int LeastBits => 8 * Unsafe.SizeOf<T>();

    internal sealed override bool IsInline => true;

    public sealed override void Encode(ReadOnlySpan<T> values, RecordBuffer output)
    {
        var target = output.Append((long)values.Length * Unsafe.SizeOf<T>());
        MemoryMarshal.AsBytes(values).CopyTo(target);
    }

    public sealed override void Decode(ref RecordInput input, scoped Span<T> values)
    {
        input.ReadBytes((long)values.Length * Unsafe.SizeOf<T>()).CopyTo(MemoryMarshal.AsBytes(values));
        CheckFixed(values);
    }

    internal sealed override long HeapBytes(ReadOnlySpan<T> values, int depth) => 0;
}

/// <summary>Says which bit patterns are values of a type.</summary>
internal interface IValueCheck<T>
{
    static abstract bool IsValid(T value);
}

/// <summary>As <see cref="FixedCodec{T}"/>, for types that not every bit pattern is a value of.</summary>
internal sealed class CheckedFixedCodec<T, TCheck>(string shape) : FixedCodec<T>(shape)
    where T : unmanaged
    where TCheck : struct, IValueCheck<T>
{
    internal override bool AreAllBitsValid => false;

    internal override void CheckFixed(ReadOnlySpan<T> values)
    {
        foreach (ref readonly var value in values)
        {
            if (!TCheck.IsValid(value))
            {
                RecordErrors.ThrowDamaged($"bytes that are no {RecordTypeNames.Of(typeof(T))}");
            }
        }
    }
}

/// <summary>The checks of <see cref="CheckedFixedCodec{T, TCheck}"/>.</summary>
internal readonly struct ValueChecks : IValueCheck<bool>, IValueCheck<decimal>, IValueCheck<DateTime>, IValueCheck<DateOnly>, IValueCheck<TimeOnly>,
    IValueCheck<System.Text.Rune>
{
    public static bool IsValid(bool value) => Unsafe.BitCast<bool, byte>(value) <= 1;

    // Flags hold the sign in the top bit and the scale, at most 28, in bits 16 to 23.
    public static bool IsValid(decimal value)
    {
        var flags = MemoryMarshal.Cast<decimal, int>(MemoryMarshal.CreateReadOnlySpan(in value, 1))[0];
        return (flags & 0x7F00FFFF) == 0 && (flags & 0x00FF0000) <= 28 << 16;
    }

    // The two top bits are the kind, the others the ticks.
    public static bool IsValid(DateTime value) => (Unsafe.BitCast<DateTime, ulong>(value) & 0x3FFF_FFFF_FFFF_FFFF) <= (ulong)DateTime.MaxValue.Ticks;

    public static bool IsValid(DateOnly value) => (uint)Unsafe.BitCast<DateOnly, int>(value) <= (uint)DateOnly.MaxValue.DayNumber;

    public static bool IsValid(TimeOnly value) => (ulong)Unsafe.BitCast<TimeOnly, long>(value) < TimeSpan.TicksPerDay;

    public static bool IsValid(System.Text.Rune value) => System.Text.Rune.IsValid(Unsafe.BitCast<System.Text.Rune, int>(value));
}
