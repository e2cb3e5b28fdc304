using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>One member of a record type, as a column.</summary>
internal abstract class MemberColumn<TRecord>
{
    /// <summary>The member's name and shape.</summary>
    public abstract string Shape { get; }

    /// <summary>Fewest bits that the member of one record takes.</summary>
    public abstract int LeastBits { get; }

    /// <summary>Whether the member refers to no objects.</summary>
    public abstract bool IsInline { get; }

    /// <summary>Appends the column. No record is null.</summary>
    public abstract void Encode(ReadOnlySpan<TRecord> records, RecordBuffer output);

    /// <summary>Reads the column and sets the member of each record. No record is null.</summary>
    public abstract void Decode(ref RecordInput input, scoped Span<TRecord> records);

    /// <summary>As <see cref="RecordCodec{T}.HeapBytes"/>, of the member.</summary>
    public abstract long HeapBytes(ReadOnlySpan<TRecord> records, int depth);
}

/// <inheritdoc cref="MemberColumn{TRecord}"/>
internal sealed class MemberColumn<TRecord, TMember>(string name, RecordCodec<TMember> codec, MemberAccess<TRecord, TMember> access) : MemberColumn<TRecord>
{
    private const int MeasuredAtOnce = 256;

    public override string Shape => name.Length == 0 ? codec.Shape : $"{name}:{codec.Shape}";

    public override int LeastBits => codec.LeastBits;

    public override bool IsInline => codec.IsInline;

    public override void Encode(ReadOnlySpan<TRecord> records, RecordBuffer output)
    {
        if (codec.FixedBytes != 0)
        {
            var target = output.Append((long)records.Length * codec.FixedBytes);
            access.Gather(records, MemoryMarshal.CreateSpan(ref Unsafe.As<byte, TMember>(ref MemoryMarshal.GetReference(target)), records.Length));
            return;
        }

        using var scratch = new Scratch<TMember>(records.Length);
        access.Gather(records, scratch.Span);
        codec.Encode(scratch.Span, output);
    }

    public override void Decode(ref RecordInput input, scoped Span<TRecord> records)
    {
        if (codec.FixedBytes != 0)
        {
            var source = input.ReadBytes((long)records.Length * codec.FixedBytes);
            var members = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<byte, TMember>(ref MemoryMarshal.GetReference(source)), records.Length);
            codec.CheckFixed(members);
            access.Scatter(records, members);
            return;
        }

        using var scratch = new Scratch<TMember>(records.Length);
        codec.Decode(ref input, scratch.Span);
        access.Scatter(records, scratch.Span);
    }

    public override long HeapBytes(ReadOnlySpan<TRecord> records, int depth)
    {
        if (IsInline)
        {
            return 0;
        }

        var bytes = 0L;
        using var scratch = new Scratch<TMember>(Math.Min(records.Length, MeasuredAtOnce));
        while (!records.IsEmpty)
        {
            var count = Math.Min(records.Length, MeasuredAtOnce);
            access.Gather(records[..count], scratch.Span[..count]);
            bytes += codec.HeapBytes(scratch.Span[..count], depth);
            records = records[count..];
        }

        return bytes;
    }
}
