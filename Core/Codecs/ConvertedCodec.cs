using System.Numerics;

namespace Dpark.Codecs;

/// <summary>Values that travel as a value of another type.</summary>
/// <param name="shape">Not the shape of <typeparamref name="TCoded"/>, because the meaning differs.</param>
internal abstract class ConvertedCodec<T, TCoded>(string shape, RecordCodec<TCoded> codec) : RecordCodec<T>
{
    internal sealed override string Shape => shape;

    internal sealed override int LeastBits => codec.LeastBits;

    public sealed override void Encode(ReadOnlySpan<T> values, RecordBuffer output)
    {
        using var scratch = new Scratch<TCoded>(values.Length);
        var coded = scratch.Span;
        for (var i = 0; i < values.Length; i++)
        {
            coded[i] = ToCoded(values[i]);
        }

        codec.Encode(coded, output);
    }

    public sealed override void Decode(ref RecordInput input, scoped Span<T> values)
    {
        using var scratch = new Scratch<TCoded>(values.Length);
        var coded = scratch.Span;
        codec.Decode(ref input, coded);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = FromCoded(coded[i]);
        }
    }

    internal override long HeapBytes(ReadOnlySpan<T> values, int depth)
    {
        using var scratch = new Scratch<TCoded>(values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            scratch.Span[i] = ToCoded(values[i]);
        }

        return codec.HeapBytes(scratch.Span, depth);
    }

    private protected abstract TCoded ToCoded(T value);

    /// <exception cref="InvalidDataException">There is no such value.</exception>
    private protected abstract T FromCoded(TCoded coded);
}

/// <summary>The local time's ticks and the offset in minutes; the memory of the type has padding.</summary>
internal sealed class DateTimeOffsetCodec() : ConvertedCodec<DateTimeOffset, (long Ticks, short OffsetMinutes)>(
    "datetimeoffset", RecordCodec<(long, short)>.Default)
{
    private static readonly long MaxOffsetMinutes = 14 * 60;

    internal override bool IsInline => true;

    internal override long HeapBytes(ReadOnlySpan<DateTimeOffset> values, int depth) => 0;

    private protected override (long Ticks, short OffsetMinutes) ToCoded(DateTimeOffset value) => (value.Ticks, (short)value.TotalOffsetMinutes);

    private protected override DateTimeOffset FromCoded((long Ticks, short OffsetMinutes) coded)
    {
        var utcTicks = coded.Ticks - (coded.OffsetMinutes * TimeSpan.TicksPerMinute);
        if ((ulong)coded.Ticks > (ulong)DateTime.MaxValue.Ticks || Math.Abs((long)coded.OffsetMinutes) > MaxOffsetMinutes ||
            (ulong)utcTicks > (ulong)DateTime.MaxValue.Ticks)
        {
            RecordErrors.ThrowDamaged("bytes that are no date with an offset");
        }

        return new DateTimeOffset(coded.Ticks, TimeSpan.FromMinutes(coded.OffsetMinutes));
    }
}

/// <summary>The shortest two's complement, little-endian.</summary>
internal sealed class BigIntegerCodec() : ConvertedCodec<BigInteger, byte[]?>("bigint", RecordCodec<byte[]?>.Default)
{
    private protected override byte[] ToCoded(BigInteger value) => value.ToByteArray();

    private protected override BigInteger FromCoded(byte[]? coded)
    {
        if (coded is null)
        {
            RecordErrors.ThrowDamaged("a missing number");
        }

        return new BigInteger(coded);
    }
}

/// <summary>The text that the URI was made from.</summary>
internal sealed class UriCodec() : ConvertedCodec<Uri?, string?>("uri", RecordCodec<string?>.Default)
{
    private protected override string? ToCoded(Uri? value) => value?.OriginalString;

    private protected override Uri? FromCoded(string? coded)
    {
        if (coded is null)
        {
            return null;
        }

        if (!Uri.TryCreate(coded, UriKind.RelativeOrAbsolute, out var uri))
        {
            RecordErrors.ThrowDamaged("text that is no URI");
        }

        return uri;
    }
}

/// <summary>The numbers with dots between them.</summary>
internal sealed class VersionCodec() : ConvertedCodec<Version?, string?>("version", RecordCodec<string?>.Default)
{
    private protected override string? ToCoded(Version? value) => value?.ToString();

    private protected override Version? FromCoded(string? coded)
    {
        if (coded is null)
        {
            return null;
        }

        if (!Version.TryParse(coded, out var version))
        {
            RecordErrors.ThrowDamaged("text that is no version");
        }

        return version;
    }
}
