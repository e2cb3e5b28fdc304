using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;

namespace Dpark.Partitioning;

/// <summary>Computes <see cref="StableHash"/> for one key type, many keys per call and without boxing. Stateless and thread-safe.</summary>
public abstract class StableHasher<T>
{
    private static StableHasher<T>? s_default;

    private protected StableHasher()
    {
    }

    /// <summary>The hasher of the type, made when it is first asked for.</summary>
    /// <exception cref="UnsupportedKeyTypeException">Keys of this type have no stable hash; the message names the path to the reason.</exception>
    public static StableHasher<T> Default => s_default ??= new StableHasherBuilder(typeof(T)).Build<T>();

    /// <summary>The hash of one key.</summary>
    public virtual ulong Hash(T value)
    {
        var hash = 0UL;
        Hash(new ReadOnlySpan<T>(in value), new Span<ulong>(ref hash));
        return hash;
    }

    /// <summary>The hashes of keys, in order.</summary>
    /// <param name="hashes">At least as long as <paramref name="values"/>.</param>
    public abstract void Hash(ReadOnlySpan<T> values, Span<ulong> hashes);
}

/// <summary>How one simple type is hashed.</summary>
internal interface IKeyHash<T>
{
    static abstract ulong Hash(T value);
}

/// <summary>Types that are hashed by one function.</summary>
internal sealed class SimpleHasher<T, THash> : StableHasher<T>
    where THash : struct, IKeyHash<T>
{
    public override ulong Hash(T value) => THash.Hash(value);

    public override void Hash(ReadOnlySpan<T> values, Span<ulong> hashes)
    {
        hashes = hashes[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            hashes[i] = THash.Hash(values[i]);
        }
    }
}

/// <summary>Integers of 64 bits, many at once.</summary>
/// <typeparam name="T"><see cref="long"/> or <see cref="ulong"/>.</typeparam>
internal sealed class LongHasher<T> : StableHasher<T>
    where T : unmanaged
{
    // Fewer are not worth a loop that has to be compiled.
    private const int LeastVectorized = 256;

    public override ulong Hash(T value) => StableHash.OfInteger(Unsafe.BitCast<T, long>(value));

    public override void Hash(ReadOnlySpan<T> values, Span<ulong> hashes)
    {
        hashes = hashes[..values.Length];
        if (values.Length >= LeastVectorized)
        {
            StableHash.OfIntegers(MemoryMarshal.Cast<T, long>(values), hashes);
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            hashes[i] = Hash(values[i]);
        }
    }
}

/// <summary>The functions of <see cref="SimpleHasher{T, THash}"/>.</summary>
internal readonly struct KeyHashes :
    IKeyHash<string?>, IKeyHash<int>, IKeyHash<short>, IKeyHash<sbyte>, IKeyHash<uint>, IKeyHash<ushort>, IKeyHash<byte>,
    IKeyHash<bool>, IKeyHash<char>, IKeyHash<double>, IKeyHash<float>, IKeyHash<Half>, IKeyHash<decimal>, IKeyHash<Guid>, IKeyHash<Int128>, IKeyHash<UInt128>,
    IKeyHash<DateTime>, IKeyHash<DateTimeOffset>, IKeyHash<TimeSpan>, IKeyHash<DateOnly>, IKeyHash<TimeOnly>, IKeyHash<System.Text.Rune>,
    IKeyHash<BigInteger>, IKeyHash<Version?>
{
    // Dividing by it leaves the value and removes the zeros behind it, which equality does not see.
    private const decimal One = 1.0000000000000000000000000000m;

    public static ulong Hash(string? value) => StableHash.OfString(value);

    public static ulong Hash(int value) => StableHash.OfInteger(value);

    public static ulong Hash(short value) => StableHash.OfInteger(value);

    public static ulong Hash(sbyte value) => StableHash.OfInteger(value);

    public static ulong Hash(uint value) => StableHash.OfInteger(value);

    public static ulong Hash(ushort value) => StableHash.OfInteger(value);

    public static ulong Hash(byte value) => StableHash.OfInteger(value);

    public static ulong Hash(bool value) => StableHash.OfInteger(value ? 1 : 0);

    public static ulong Hash(char value) => StableHash.OfInteger(value);

    public static ulong Hash(double value) => StableHash.OfFloat(value);

    public static ulong Hash(float value) => StableHash.OfFloat(value);

    public static ulong Hash(Half value) => StableHash.OfFloat((double)value);

    public static ulong Hash(decimal value)
    {
        var shortest = value == 0 ? 0 : value / One;
        return OfMemory(shortest);
    }

    public static ulong Hash(Guid value) => OfMemory(value);

    public static ulong Hash(Int128 value) => OfMemory(value);

    public static ulong Hash(UInt128 value) => OfMemory(value);

    public static ulong Hash(DateTime value) => StableHash.OfInteger(value.Ticks);

    public static ulong Hash(DateTimeOffset value) => StableHash.OfInteger(value.UtcTicks);

    public static ulong Hash(TimeSpan value) => StableHash.OfInteger(value.Ticks);

    public static ulong Hash(DateOnly value) => StableHash.OfInteger(value.DayNumber);

    public static ulong Hash(TimeOnly value) => StableHash.OfInteger(value.Ticks);

    public static ulong Hash(System.Text.Rune value) => StableHash.OfInteger(value.Value);

    public static ulong Hash(BigInteger value) => StableHash.OfBytes(value.ToByteArray());

    public static ulong Hash(Version? value) => value is null ? StableHash.OfNull : StableHash.OfString(value.ToString());

    private static ulong OfMemory<T>(T value)
        where T : unmanaged => StableHash.OfBytes(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
}

/// <summary>Enums, as the number that they stand for.</summary>
internal sealed class EnumHasher<T, TUnderlying>(StableHasher<TUnderlying> underlying) : StableHasher<T>
    where T : struct, Enum
    where TUnderlying : struct
{
    public override void Hash(ReadOnlySpan<T> values, Span<ulong> hashes) =>
        underlying.Hash(
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, TUnderlying>(ref MemoryMarshal.GetReference(values)), values.Length), hashes);
}

/// <summary>Types that say their hash themselves.</summary>
internal sealed class SelfHasher<T> : StableHasher<T>
    where T : IStableHashable
{
    public override void Hash(ReadOnlySpan<T> values, Span<ulong> hashes)
    {
        for (var i = 0; i < values.Length; i++)
        {
            hashes[i] = values[i] is { } value ? value.StableHashCode : StableHash.OfNull;
        }
    }
}

/// <summary>Nullable values: as the value, or null.</summary>
internal sealed class NullableHasher<T>(StableHasher<T> value) : StableHasher<T?>
    where T : struct
{
    public override void Hash(ReadOnlySpan<T?> values, Span<ulong> hashes)
    {
        for (var i = 0; i < values.Length; i++)
        {
            hashes[i] = values[i].HasValue ? value.Hash(values[i].GetValueOrDefault()) : StableHash.OfNull;
        }
    }
}

/// <summary>One member of a key, added to the hashes of many keys.</summary>
internal abstract class MemberHasher<TKey>
{
    /// <summary>Adds the member of each key, none of which is null.</summary>
    public abstract void Add(ReadOnlySpan<TKey> keys, Span<ulong> hashes);
}

/// <inheritdoc/>
internal sealed class MemberHasher<TKey, TMember>(StableHasher<TMember> hasher, MemberAccess<TKey, TMember> access) : MemberHasher<TKey>
{
    public override void Add(ReadOnlySpan<TKey> keys, Span<ulong> hashes)
    {
        using var members = new Scratch<TMember>(keys.Length);
        using var memberHashes = new Scratch<ulong>(keys.Length);
        access.Gather(keys, members.Span);
        hasher.Hash(members.Span, memberHashes.Span);
        for (var i = 0; i < keys.Length; i++)
        {
            hashes[i] = StableHash.Combine(hashes[i], memberHashes.Span[i]);
        }
    }
}

/// <summary>Tuples, records and structs, member by member.</summary>
internal sealed class MembersHasher<T>(MemberHasher<T>[] members) : StableHasher<T>
{
    public override void Hash(ReadOnlySpan<T> values, Span<ulong> hashes)
    {
        hashes = hashes[..values.Length];
        if (typeof(T).IsValueType)
        {
            HashPresent(values, hashes);
            return;
        }

        using var present = new Scratch<T>(values.Length);
        using var presentHashes = new Scratch<ulong>(values.Length);
        var count = 0;
        foreach (var value in values)
        {
            if (value is not null)
            {
                present.Span[count++] = value;
            }
        }

        HashPresent(present.Span[..count], presentHashes.Span[..count]);
        count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            hashes[i] = values[i] is null ? StableHash.OfNull : presentHashes.Span[count++];
        }
    }

    private void HashPresent(ReadOnlySpan<T> values, Span<ulong> hashes)
    {
        hashes.Fill(StableHash.Start(members.Length));
        foreach (var member in members)
        {
            member.Add(values, hashes);
        }
    }
}
