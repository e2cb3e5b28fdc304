namespace Dpark.Codecs;

/// <summary>Nullable values: which are there, then a column of those.</summary>
internal sealed class NullableCodec<T>(RecordCodecBuilder builder) : RecordCodec<T?>
    where T : struct
{
    private readonly RecordCodec<T> _value = builder.Member<T>("Value");

    internal override string Shape => _value.Shape + "?";

    internal override int LeastBits => 1;

    internal override bool IsInline => _value.IsInline;

    public override void Encode(ReadOnlySpan<T?> values, RecordBuffer output)
    {
        using var scratch = new Scratch<T>(PresenceColumn.EncodeNullable(values, output));
        var present = scratch.Span;
        var count = 0;
        foreach (ref readonly var value in values)
        {
            if (value.HasValue)
            {
                present[count++] = value.GetValueOrDefault();
            }
        }

        _value.Encode(present, output);
    }

    public override void Decode(ref RecordInput input, scoped Span<T?> values)
    {
        var presence = PresenceColumn.Decode(ref input, values.Length);
        using var scratch = new Scratch<T>(presence.PresentCount);
        var present = scratch.Span;
        _value.Decode(ref input, present);
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = presence.AllPresent || presence[i] ? present[count++] : null;
        }
    }

    internal override long HeapBytes(ReadOnlySpan<T?> values, int depth)
    {
        if (IsInline)
        {
            return 0;
        }

        var bytes = 0L;
        foreach (ref readonly var value in values)
        {
            if (value.HasValue)
            {
                var present = value.GetValueOrDefault();
                bytes += _value.HeapBytes(new ReadOnlySpan<T>(in present), depth);
            }
        }

        return bytes;
    }
}
