namespace Dpark.Text;

/// <summary>Bytes as lower-case hexadecimal digits. For hashes and names, a few of them: the framework's own way is faster for many, but compiled when it is first used.</summary>
internal static class LowerHex
{
    private const string Digits = "0123456789abcdef";

    /// <summary>Two digits per byte.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => string.Create(2 * bytes.Length, bytes, static (text, bytes) =>
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            text[2 * i] = Digits[bytes[i] >> 4];
            text[(2 * i) + 1] = Digits[bytes[i] & 15];
        }
    });

    /// <summary>The bytes whose digits these are.</summary>
    /// <exception cref="FormatException">There is another character than a lower-case digit, or one digit too many.</exception>
    public static byte[] ToBytes(string digits)
    {
        var bytes = new byte[digits.Length / 2];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((ValueOf(digits[2 * i]) << 4) | ValueOf(digits[(2 * i) + 1]));
        }

        return digits.Length % 2 == 0 ? bytes : throw new FormatException($"'{digits}' has {digits.Length} digits. Bytes have two each.");
    }

    /// <summary>32 digits that no other call gives.</summary>
    public static string NewUnique()
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        return Of(bytes);
    }

    private static int ValueOf(char digit) => digit switch
    {
        >= '0' and <= '9' => digit - '0',
        >= 'a' and <= 'f' => digit - 'a' + 10,
        _ => throw new FormatException($"'{digit}' is not a lower-case hexadecimal digit."),
    };
}
