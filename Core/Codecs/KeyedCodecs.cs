namespace Dpark.Codecs;

/// <summary>How a dictionary or set compares its keys. The numbers travel; they never change.</summary>
internal enum KeyComparison : byte
{
    /// <summary><see cref="EqualityComparer{T}.Default"/>.</summary>
    Default = 0,

    /// <summary><see cref="StringComparer.Ordinal"/>, which equals the default.</summary>
    Ordinal = 1,

    /// <summary><see cref="StringComparer.OrdinalIgnoreCase"/>.</summary>
    OrdinalIgnoreCase = 2,
}

/// <summary>The comparers that travel.</summary>
internal static class KeyComparers
{
    public static KeyComparison Find<TKey>(IEqualityComparer<TKey> comparer, Type collection)
    {
        if (ReferenceEquals(comparer, EqualityComparer<TKey>.Default))
        {
            return KeyComparison.Default;
        }

        if (ReferenceEquals(comparer, StringComparer.Ordinal))
        {
            return KeyComparison.Ordinal;
        }

        return ReferenceEquals(comparer, StringComparer.OrdinalIgnoreCase)
            ? KeyComparison.OrdinalIgnoreCase
            : throw new UnsupportedRecordTypeException(
                $"A record holds a {RecordTypeNames.Of(collection)} with the comparer {comparer.GetType()}, which cannot travel. " +
                "Use the default comparer, StringComparer.Ordinal or StringComparer.OrdinalIgnoreCase.",
                RecordTypeNames.Of(collection));
    }

    public static IEqualityComparer<TKey>? Get<TKey>(byte comparison)
    {
        switch ((KeyComparison)comparison)
        {
            case KeyComparison.Default:
                return null;
            case KeyComparison.Ordinal when typeof(TKey) == typeof(string):
                return (IEqualityComparer<TKey>)(object)StringComparer.Ordinal;
            case KeyComparison.OrdinalIgnoreCase when typeof(TKey) == typeof(string):
                return (IEqualityComparer<TKey>)(object)StringComparer.OrdinalIgnoreCase;
            default:
                RecordErrors.ThrowDamaged("an unknown way to compare keys");
                return null;
        }
    }
}

/// <summary>Dictionaries: lengths, a <see cref="KeyComparison"/> each, all keys in runs, all values in runs. Order is not kept.</summary>
internal sealed class DictionaryCodec<TKey, TValue>(RecordCodecBuilder builder) : RecordCodec<Dictionary<TKey, TValue>?>
    where TKey : notnull
{
    private const int EmptyBytes = 80;
    private const int EntryOverheadBytes = 12;

    private readonly RecordCodec<TKey> _key = builder.Member<TKey>("Keys");
    private readonly RecordCodec<TValue> _value = builder.Member<TValue>("Values");

    internal override string Shape => $"{{{_key.Shape}:{_value.Shape}}}";

    internal override int LeastBits => 16;

    public override void Encode(ReadOnlySpan<Dictionary<TKey, TValue>?> values, RecordBuffer output)
    {
        KeyedLengths.Encode(values, value => value.Count, value => value.Comparer, output);
        var keys = new ElementRunWriter<TKey>(_key, output);
        var items = new ElementRunWriter<TValue>(_value, output);
        try
        {
            foreach (var value in values)
            {
                foreach (var entry in value ?? [])
                {
                    keys.Add(entry.Key);
                }
            }

            keys.Finish();
            foreach (var value in values)
            {
                foreach (var entry in value ?? [])
                {
                    items.Add(entry.Value);
                }
            }

            items.Finish();
        }
        finally
        {
            keys.Dispose();
            items.Dispose();
        }
    }

    public override void Decode(ref RecordInput input, scoped Span<Dictionary<TKey, TValue>?> values)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        var comparers = KeyedLengths.Decode(ref input, lengths, out var sum);
        var total = input.CheckCount(sum, _key.LeastBits + _value.LeastBits);
        using var keyScratch = new Scratch<TKey>(total);
        var keys = keyScratch.Span;
        var keyRuns = new ElementRunReader<TKey>(_key, total);
        var valueRuns = new ElementRunReader<TValue>(_value, total);
        try
        {
            keyRuns.Fill(ref input, keys);
            var next = 0;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = lengths[i] == LengthColumn.Null ? null : new Dictionary<TKey, TValue>(lengths[i], KeyComparers.Get<TKey>(comparers[i]));
                for (var last = next + Math.Max(lengths[i], 0); next < last; next++)
                {
                    if (keys[next] is null || !values[i]!.TryAdd(keys[next], valueRuns.Next(ref input)))
                    {
                        RecordErrors.ThrowDamaged("a dictionary with a repeated or missing key");
                    }
                }
            }
        }
        finally
        {
            keyRuns.Dispose();
            valueRuns.Dispose();
        }
    }

    internal override long HeapBytes(ReadOnlySpan<Dictionary<TKey, TValue>?> values, int depth)
    {
        var bytes = 0L;
        foreach (var value in values)
        {
            bytes += value is null ? 0 : EmptyBytes + ((long)EntryOverheadBytes * value.Count);
            foreach (var entry in value ?? [])
            {
                var (key, item) = entry;
                bytes += RecordCodec.MemoryBytes(_key, key, depth) + RecordCodec.MemoryBytes(_value, item, depth);
            }
        }

        return bytes;
    }
}

/// <summary>Sets: lengths, a <see cref="KeyComparison"/> each, all elements in runs. Order is not kept.</summary>
internal sealed class HashSetCodec<T>(RecordCodecBuilder builder) : RecordCodec<HashSet<T>?>
{
    private const int EmptyBytes = 64;
    private const int EntryOverheadBytes = 12;

    private readonly RecordCodec<T> _element = builder.Member<T>("[]");

    internal override string Shape => $"{{{_element.Shape}}}";

    internal override int LeastBits => 16;

    public override void Encode(ReadOnlySpan<HashSet<T>?> values, RecordBuffer output)
    {
        KeyedLengths.Encode(values, value => value.Count, value => value.Comparer, output);
        var runs = new ElementRunWriter<T>(_element, output);
        try
        {
            foreach (var value in values)
            {
                foreach (var element in value ?? [])
                {
                    runs.Add(element);
                }
            }

            runs.Finish();
        }
        finally
        {
            runs.Dispose();
        }
    }

    public override void Decode(ref RecordInput input, scoped Span<HashSet<T>?> values)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        var comparers = KeyedLengths.Decode(ref input, lengths, out var sum);
        var runs = new ElementRunReader<T>(_element, input.CheckCount(sum, _element.LeastBits));
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = lengths[i] == LengthColumn.Null ? null : new HashSet<T>(lengths[i], KeyComparers.Get<T>(comparers[i]));
                for (var left = lengths[i]; left > 0; left--)
                {
                    if (!values[i]!.Add(runs.Next(ref input)))
                    {
                        RecordErrors.ThrowDamaged("a set with a repeated element");
                    }
                }
            }
        }
        finally
        {
            runs.Dispose();
        }
    }

    internal override long HeapBytes(ReadOnlySpan<HashSet<T>?> values, int depth)
    {
        var bytes = 0L;
        foreach (var value in values)
        {
            bytes += value is null ? 0 : EmptyBytes + ((long)EntryOverheadBytes * value.Count);
            foreach (var element in value ?? [])
            {
                bytes += RecordCodec.MemoryBytes(_element, element, depth);
            }
        }

        return bytes;
    }
}

/// <summary>What dictionaries and sets have in front of their elements: lengths, and a comparison per collection that is not null.</summary>
internal static class KeyedLengths
{
    public static void Encode<TCollection, TKey>(
        ReadOnlySpan<TCollection?> values, Func<TCollection, int> count, Func<TCollection, IEqualityComparer<TKey>> comparer, RecordBuffer output)
        where TCollection : class
    {
        using var scratch = new Scratch<int>(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is { } derived && derived.GetType() != typeof(TCollection))
            {
                RecordErrors.ThrowDerived(typeof(TCollection), derived.GetType());
            }

            scratch.Span[i] = values[i] is { } value ? count(value) : LengthColumn.Null;
        }

        LengthColumn.Encode(scratch.Span, output);
        var comparisons = output.Append((long)values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            comparisons[i] = values[i] is { } value ? (byte)KeyComparers.Find(comparer(value), typeof(TCollection)) : (byte)0;
        }
    }

    public static ReadOnlySpan<byte> Decode(ref RecordInput input, scoped Span<int> lengths, out long sum)
    {
        sum = LengthColumn.Decode(ref input, lengths);
        return input.ReadBytes(lengths.Length);
    }
}
