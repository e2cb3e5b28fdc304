using System.Runtime.CompilerServices;

namespace Dpark.Codecs;

/// <summary>The columns of a record type, one after the other. A type without members takes one byte 0 per record, so that a count is never without bytes.</summary>
internal readonly struct MemberColumns<TRecord>(MemberColumn<TRecord>[] columns)
{
    public string Shape => $"({string.Join(',', columns.Select(column => column.Shape))})";

    public int LeastBits => columns.Length == 0 ? 8 : columns.Sum(column => column.LeastBits);

    public bool IsInline => columns.All(column => column.IsInline);

    public void Encode(ReadOnlySpan<TRecord> records, RecordBuffer output)
    {
        if (columns.Length == 0)
        {
            output.Append((long)records.Length).Clear();
        }

        foreach (var column in columns)
        {
            column.Encode(records, output);
        }
    }

    public void Decode(ref RecordInput input, scoped Span<TRecord> records)
    {
        if (columns.Length == 0)
        {
            input.ReadBytes(records.Length);
        }

        foreach (var column in columns)
        {
            column.Decode(ref input, records);
        }
    }

    public long HeapBytes(ReadOnlySpan<TRecord> records, int depth)
    {
        var bytes = 0L;
        foreach (var column in columns)
        {
            bytes += column.HeapBytes(records, depth);
        }

        return bytes;
    }
}

/// <summary>Structs: value tuples, record structs, the user's own.</summary>
internal sealed class StructCodec<T>(MemberColumn<T>[] columns) : RecordCodec<T>
    where T : struct
{
    private readonly MemberColumns<T> _columns = new(columns);

    internal override string Shape { get; } = new MemberColumns<T>(columns).Shape;

    internal override int LeastBits { get; } = new MemberColumns<T>(columns).LeastBits;

    internal override bool IsInline { get; } = new MemberColumns<T>(columns).IsInline;

    public override void Encode(ReadOnlySpan<T> values, RecordBuffer output) => _columns.Encode(values, output);

    public override void Decode(ref RecordInput input, scoped Span<T> values)
    {
        values.Clear();
        _columns.Decode(ref input, values);
    }

    internal override long HeapBytes(ReadOnlySpan<T> values, int depth) => IsInline ? 0 : _columns.HeapBytes(values, depth);
}

/// <summary>Classes, record classes, anonymous types, tuples: which are there, then the members of those. Objects are exactly of the declared class.</summary>
/// <param name="objectBytes">About how large one object is.</param>
internal sealed class ObjectCodec<T>(MemberColumn<T>[] columns, int objectBytes) : RecordCodec<T?>
    where T : class
{
    private readonly MemberColumns<T> _columns = new(columns);

    internal override string Shape { get; } = new MemberColumns<T>(columns).Shape + "?";

    internal override int LeastBits => 1;

    public override void Encode(ReadOnlySpan<T?> values, RecordBuffer output)
    {
        var present = PresenceColumn.Encode(values, output);
        if (!typeof(T).IsSealed)
        {
            CheckExact(values);
        }

        if (present == values.Length)
        {
            _columns.Encode(values!, output);
            return;
        }

        using var scratch = new Scratch<T>(present);
        Compact(values, scratch.Span);
        _columns.Encode(scratch.Span, output);
    }

    public override void Decode(ref RecordInput input, scoped Span<T?> values)
    {
        var presence = PresenceColumn.Decode(ref input, values.Length);
        using var scratch = new Scratch<T>(presence.AllPresent ? 0 : presence.PresentCount);
        var present = presence.AllPresent ? values! : scratch.Span;
        for (var i = 0; i < present.Length; i++)
        {
            present[i] = (T)RuntimeHelpers.GetUninitializedObject(typeof(T));
        }

        _columns.Decode(ref input, present);
        if (!presence.AllPresent)
        {
            var count = 0;
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = presence[i] ? present[count++] : null;
            }
        }
    }

    internal override long HeapBytes(ReadOnlySpan<T?> values, int depth)
    {
        using var scratch = new Scratch<T>(values.Length);
        var present = scratch.Span[..Compact(values, scratch.Span)];
        return ((long)present.Length * objectBytes) + _columns.HeapBytes(present, depth);
    }

    private static int Compact(ReadOnlySpan<T?> values, Span<T> present)
    {
        var count = 0;
        foreach (var value in values)
        {
            if (value is not null)
            {
                present[count++] = value;
            }
        }

        return count;
    }

    private static void CheckExact(ReadOnlySpan<T?> values)
    {
        foreach (var value in values)
        {
            if (value is not null && value.GetType() != typeof(T))
            {
                RecordErrors.ThrowDerived(typeof(T), value.GetType());
            }
        }
    }
}

/// <summary>A class inside itself, such as the children of a tree node. Bounds how deep values may nest.</summary>
internal sealed class RecursiveCodec<T> : RecordCodec<T>
{
    /// <summary>Deepest nesting that is coded.</summary>
    public const int MaxDepth = 200;

    internal override string Shape => $"^{typeof(T).Name}";

    internal override int LeastBits => 1;

    public override void Encode(ReadOnlySpan<T> values, RecordBuffer output)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (output.Depth == MaxDepth)
        {
            RecordErrors.ThrowTooDeep(typeof(T), MaxDepth);
        }

        output.Depth++;
        Default.Encode(values, output);
        output.Depth--;
    }

    public override void Decode(ref RecordInput input, scoped Span<T> values)
    {
        if (values.IsEmpty)
        {
            return;
        }

        if (input.Depth == MaxDepth)
        {
            RecordErrors.ThrowDamaged($"values nested more than {MaxDepth} levels deep");
        }

        input.Depth++;
        Default.Decode(ref input, values);
        input.Depth--;
    }

    internal override long HeapBytes(ReadOnlySpan<T> values, int depth) =>
        values.IsEmpty || depth == MaxDepth ? 0 : Default.HeapBytes(values, depth + 1);
}
