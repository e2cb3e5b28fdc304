using System.Globalization;

namespace Dpark.Hosting;

/// <summary>Numbers of bytes as people write them: <c>512m</c>, <c>4g</c>, <c>4GiB</c>. Letters stand for powers of 1024.</summary>
internal static class ByteSize
{
    /// <summary>Reads one.</summary>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string text, out long bytes)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? text.AsSpan(0, end) : text;
        bytes = 0;
        return ShiftOf(text[digits.Length..]) is { } shift
            && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && count <= long.MaxValue >> shift
            && (bytes = count << shift) > 0;
    }

    private static int? ShiftOf(string unit) => unit.ToUpperInvariant() switch
    {
        "" or "B" => 0,
        "K" or "KB" or "KIB" => 10,
        "M" or "MB" or "MIB" => 20,
        "G" or "GB" or "GIB" => 30,
        "T" or "TB" or "TIB" => 40,
        _ => null,
    };
}
