using System.Text;

namespace Dpark.Codecs;

public sealed class ChecksumTests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("a", 0xC1D04330u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Crc32C_KnownText_HasKnownChecksum(string text, uint expected) => Assert.Equal(expected, Crc32C.Of(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData(3_071)]
    [InlineData(3_072)]
    [InlineData(3_073)]
    [InlineData(6_143)]
    [InlineData(6_144)]
    [InlineData(100_003)]
    public void Crc32C_LongInput_IsThatOfItsBits(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);

        Assert.Equal(ByBits(bytes), Crc32C.Of(bytes));
        Assert.Equal(ByBits(bytes.AsSpan(1)), Crc32C.Of(bytes.AsSpan(1)));
    }

    [Fact]
    public void Crc32C_InPieces_EqualsTheWhole()
    {
        var bytes = new byte[1000];
        new Random(1).NextBytes(bytes);

        for (var cut = 0; cut < bytes.Length; cut += 13)
        {
            Assert.Equal(Crc32C.Of(bytes), Crc32C.Append(Crc32C.Of(bytes.AsSpan(0, cut)), bytes.AsSpan(cut)));
        }
    }

    [Theory]
    [InlineData("", 0x02CC5D05u)]
    [InlineData("a", 0x550D7456u)]
    [InlineData("abc", 0x32D153FFu)]
    [InlineData("Nobody inspects the spammish repetition", 0xE2293B2Fu)]
    public void XxHash32_KnownText_HasKnownHash(string text, uint expected) => Assert.Equal(expected, XxHash32.Of(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void XxHash32_InPieces_EqualsTheWhole()
    {
        var bytes = new byte[333];
        new Random(1).NextBytes(bytes);

        for (var piece = 1; piece < 50; piece++)
        {
            var hash = new XxHash32();
            foreach (var part in bytes.Chunk(piece))
            {
                hash.Append(part);
            }

            Assert.Equal(XxHash32.Of(bytes), hash.Current);
        }
    }

    private static uint ByBits(ReadOnlySpan<byte> bytes)
    {
        const uint Reflected = 0x82F63B78;
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) != 0 ? Reflected : 0);
            }
        }

        return ~crc;
    }
}
