namespace Dpark.Baselines;

/// <summary>Rows with keys, made from their numbers, so that the engine and the plain code have the same ones without a file. The same everywhere.</summary>
public static class KeyedRows
{
    /// <summary>Spreads a number over 64 bits; one to one.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>The key of a row: from 0 up to, not including, <paramref name="keyCount"/>, in no order.</summary>
    public static long KeyOf(long row, long keyCount) => (long)Math.BigMul(Mix((ulong)row + 0x9E3779B97F4A7C15), (ulong)keyCount, out _);

    /// <summary>The value of a row.</summary>
    public static long ValueOf(long row) => (row & 0xFFFF) + 1;

    /// <summary>What a pair adds to a checksum. A sum of these depends on no order.</summary>
    public static ulong Check(long key, long value) => Mix(((ulong)key * 0x9E3779B97F4A7C15) ^ (ulong)value);
}

/// <summary>What is left of a result: how many there are, and a sum that depends on each but on no order.</summary>
/// <param name="Count">Elements.</param>
/// <param name="Sum">Of what each one adds, modulo 2^64.</param>
public readonly record struct Checksum(long Count, ulong Sum)
{
    /// <summary>With one more element.</summary>
    public Checksum With(ulong element) => new(Count + 1, Sum + element);

    /// <summary>Of both together.</summary>
    public Checksum With(Checksum other) => new(Count + other.Count, Sum + other.Sum);

    /// <summary>For people and for comparison.</summary>
    public override string ToString() => $"{Count} rows {Sum:x16}";
}
