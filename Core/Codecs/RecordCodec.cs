namespace Dpark.Codecs;

/// <summary>
/// Turns spans of <typeparamref name="T"/> into bytes and back, a column at a time: one virtual call per batch and member, none per element, nothing boxed.
/// <c>docs/formats/record-block.md</c> states every byte. Stateless and thread-safe.
/// </summary>
/// <remarks>
/// Values travel, not identities: an object that two records share arrives as two objects, and an object that refers to itself is an error.
/// Members are the instance fields, also private and inherited ones, without those marked <see cref="NonSerializedAttribute"/>; constructors do not run.
/// The codec of a type lives as long as the type, so an unloaded assembly leaves nothing behind.
/// </remarks>
public abstract class RecordCodec<T>
{
    private static RecordCodec<T>? s_default;

    private protected RecordCodec()
    {
    }

    /// <summary>The codec of the type, made when it is first asked for.</summary>
    /// <exception cref="UnsupportedRecordTypeException">The type, or something that it holds, cannot travel; the message names the path to it.</exception>
    public static RecordCodec<T> Default => s_default ??= new RecordCodecBuilder(typeof(T)).Build<T>();

    /// <summary>Names what the bytes mean, such as <c>(string,i64)</c>. Equal shapes have equal formats.</summary>
    internal abstract string Shape { get; }

    /// <summary>Bytes of each value if the column is the memory of the span, so that the column of two spans is their two columns in a row; else 0.</summary>
    internal virtual int FixedBytes => 0;

    /// <summary>Bytes of each value in memory, if that may travel as it is: it has neither padding nor references; else 0.</summary>
    internal virtual int MemoryBytes => FixedBytes;

    /// <summary>The most bytes that each value takes in columns of parts of some values, beside a few for each column. Only of codecs with <see cref="MemoryBytes"/>.</summary>
    internal virtual int MostBytesOf(ReadOnlySpan<T> values) => MemoryBytes;

    /// <summary>Fewest bits that one value takes, at least 1. Bounds what is allocated before it is read.</summary>
    internal abstract int LeastBits { get; }

    /// <summary>Whether values refer to no objects, so that <see cref="HeapBytes"/> is always 0.</summary>
    internal virtual bool IsInline => false;

    /// <summary>Appends the values as one column. What it appends for no values is decoded with no values.</summary>
    /// <exception cref="UnsupportedRecordTypeException">A value is of a class derived from the declared one.</exception>
    public abstract void Encode(ReadOnlySpan<T> values, RecordBuffer output);

    /// <summary>Reads one column of as many values as it was written with.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged. <paramref name="values"/> are undefined then.</exception>
    public abstract void Decode(ref RecordInput input, scoped Span<T> values);

    /// <summary>Whether <see cref="CheckFixed"/> refuses nothing.</summary>
    internal virtual bool AreAllBitsValid => true;

    /// <summary>Refuses bit patterns that are no value of the type. Only codecs with <see cref="FixedBytes"/> have any.</summary>
    /// <exception cref="InvalidDataException">One of the values is none.</exception>
    internal virtual void CheckFixed(ReadOnlySpan<T> values)
    {
    }

    /// <summary>About how many bytes of heap the values refer to, beside the span itself. Shared objects count each time.</summary>
    /// <param name="depth">How many recursive types are being measured inside each other.</param>
    internal abstract long HeapBytes(ReadOnlySpan<T> values, int depth);
}

/// <summary>Checks record types when an operator is called.</summary>
public static class RecordCodec
{
    /// <summary>Does nothing if records of the type can travel between workers.</summary>
    /// <exception cref="UnsupportedRecordTypeException">They cannot; the message names the path to the offending member.</exception>
    public static void EnsureSupported<T>() => _ = RecordCodec<T>.Default;

    /// <summary>About how many bytes of memory the values take, with everything they refer to; for budgets.</summary>
    /// <exception cref="UnsupportedRecordTypeException">The type cannot be coded, so its parts are unknown.</exception>
    internal static long MemoryBytes<T>(ReadOnlySpan<T> values) =>
        ((long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()) + RecordCodec<T>.Default.HeapBytes(values, depth: 0);

    /// <summary>About how many bytes of memory one value takes, with everything it refers to.</summary>
    internal static long MemoryBytes<T>(RecordCodec<T> codec, T value, int depth) =>
        System.Runtime.CompilerServices.Unsafe.SizeOf<T>() + (codec.IsInline ? 0 : codec.HeapBytes(new ReadOnlySpan<T>(in value), depth));
}
