using System.Buffers.Binary;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>
/// The beginnings of keys as numbers of 64 bits in the same order: a key with a smaller number comes first, and keys of equal numbers are compared in full. So most
/// comparisons of a sort are those of integers. Stateless and thread-safe.
/// </summary>
internal abstract class SortPrefix<TKey>
{
    /// <summary>Those of the key's default order; <see langword="null"/> for types that are compared in full.</summary>
    public static SortPrefix<TKey>? Default { get; } = SortPrefixes.Create<TKey>();

    /// <summary>How many of the upper bits can differ.</summary>
    public abstract int BitCount { get; }

    /// <summary>Whether keys of equal numbers are equal.</summary>
    public abstract bool IsExact { get; }

    /// <summary>The numbers of keys, in order.</summary>
    /// <param name="prefixes">At least as long as <paramref name="keys"/>.</param>
    public abstract void Get(ReadOnlySpan<TKey> keys, Span<ulong> prefixes);
}

/// <summary>The number of one key.</summary>
internal interface IPrefixOf<TKey>
{
    static abstract ulong Of(TKey key);
}

/// <summary>Keys that one function makes a number of.</summary>
internal sealed class SimplePrefix<TKey, TFunction>(int bitCount, bool isExact) : SortPrefix<TKey>
    where TFunction : struct, IPrefixOf<TKey>
{
    public override int BitCount => bitCount;

    public override bool IsExact => isExact;

    public override void Get(ReadOnlySpan<TKey> keys, Span<ulong> prefixes)
    {
        prefixes = prefixes[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            prefixes[i] = TFunction.Of(keys[i]);
        }
    }
}

/// <summary>The first item of a pair, and as much of the second as there is room for if the first leaves any.</summary>
internal sealed class PairPrefix<TFirst, TSecond>(SortPrefix<TFirst> first, SortPrefix<TSecond>? second) : SortPrefix<(TFirst, TSecond)>
{
    private const int AllBits = 64;

    // Behind a beginning that is not the whole first item, the second one says nothing.
    private readonly SortPrefix<TSecond>? _second = first.IsExact && first.BitCount < AllBits ? second : null;

    public override int BitCount => _second is null ? first.BitCount : Math.Min(AllBits, first.BitCount + _second.BitCount);

    public override bool IsExact => _second is { IsExact: true } && first.BitCount + _second.BitCount <= AllBits;

    public override void Get(ReadOnlySpan<(TFirst, TSecond)> keys, Span<ulong> prefixes)
    {
        using var firsts = new Codecs.Scratch<TFirst>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            firsts.Span[i] = keys[i].Item1;
        }

        first.Get(firsts.Span, prefixes);
        if (_second is null)
        {
            return;
        }

        using var seconds = new Codecs.Scratch<TSecond>(keys.Length);
        using var rest = new Codecs.Scratch<ulong>(keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            seconds.Span[i] = keys[i].Item2;
        }

        _second.Get(seconds.Span, rest.Span);
        for (var i = 0; i < keys.Length; i++)
        {
            prefixes[i] |= rest.Span[i] >> first.BitCount;
        }
    }
}

/// <summary>The functions of <see cref="SimplePrefix{TKey, TFunction}"/>. Numbers of fewer bits stand in the upper ones.</summary>
internal readonly struct KeyPrefixes :
    IPrefixOf<long>, IPrefixOf<ulong>, IPrefixOf<int>, IPrefixOf<uint>, IPrefixOf<short>, IPrefixOf<ushort>, IPrefixOf<sbyte>, IPrefixOf<byte>, IPrefixOf<char>,
    IPrefixOf<bool>, IPrefixOf<double>, IPrefixOf<float>, IPrefixOf<DateTime>, IPrefixOf<DateTimeOffset>, IPrefixOf<TimeSpan>, IPrefixOf<DateOnly>,
    IPrefixOf<TimeOnly>, IPrefixOf<string?>, IPrefixOf<ByteSlice>, IPrefixOf<Utf8Text>
{
    private const ulong Sign = 1UL << 63;

    public static ulong Of(long key) => (ulong)key ^ Sign;

    public static ulong Of(ulong key) => key;

    public static ulong Of(int key) => ((ulong)(uint)key << 32) ^ Sign;

    public static ulong Of(uint key) => (ulong)key << 32;

    public static ulong Of(short key) => ((ulong)(ushort)key << 48) ^ Sign;

    public static ulong Of(ushort key) => (ulong)key << 48;

    public static ulong Of(sbyte key) => ((ulong)(byte)key << 56) ^ Sign;

    public static ulong Of(byte key) => (ulong)key << 56;

    public static ulong Of(char key) => (ulong)key << 48;

    public static ulong Of(bool key) => key ? Sign : 0;

    // NaN comes first, both zeros are equal.
    public static ulong Of(double key)
    {
        if (double.IsNaN(key))
        {
            return 0;
        }

        var bits = BitConverter.DoubleToUInt64Bits(key == 0 ? 0 : key);
        return (bits & Sign) == 0 ? bits | Sign : ~bits;
    }

    public static ulong Of(float key) => Of((double)key);

    public static ulong Of(DateTime key) => (ulong)key.Ticks;

    public static ulong Of(DateTimeOffset key) => (ulong)key.UtcTicks;

    public static ulong Of(TimeSpan key) => Of(key.Ticks);

    public static ulong Of(DateOnly key) => Of(key.DayNumber);

    public static ulong Of(TimeOnly key) => (ulong)key.Ticks;

    // Four UTF-16 code units, in whose order strings are.
    public static ulong Of(string? key)
    {
        var prefix = 0UL;
        var length = Math.Min(key?.Length ?? 0, 4);
        for (var i = 0; i < length; i++)
        {
            prefix |= (ulong)key![i] << (48 - (16 * i));
        }

        return prefix;
    }

    public static ulong Of(Utf8Text key) => Of(key.Bytes);

    public static ulong Of(ByteSlice key)
    {
        var bytes = key.Span;
        if (bytes.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(bytes);
        }

        var prefix = 0UL;
        for (var i = 0; i < bytes.Length; i++)
        {
            prefix |= (ulong)bytes[i] << (56 - (8 * i));
        }

        return prefix;
    }
}
