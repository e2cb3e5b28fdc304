using System.Security.Cryptography;

namespace Dpark.Text;

public sealed class ContentHashTests
{
    [Fact]
    public void Of_AnyTwoThatDiffer_DifferInBothHalves()
    {
        var seen = new HashSet<string>();
        var random = new Random(7);
        for (var length = 0; length < 70; length++)
        {
            var bytes = new byte[length];
            Add(bytes);
            random.NextBytes(bytes);
            for (var i = 0; i < length; i++)
            {
                for (var bit = 0; bit < 8; bit++)
                {
                    bytes[i] ^= (byte)(1 << bit);
                    Add(bytes);
                    bytes[i] ^= (byte)(1 << bit);
                }
            }
        }

        void Add(byte[] bytes)
        {
            var hash = ContentHash.Of(bytes);
            Assert.Equal(32, hash.Length);
            Assert.True(seen.Add(hash[..16]), hash);
            Assert.True(seen.Add(hash[16..]), hash);
        }
    }

    [Fact]
    public void Of_WordsExchanged_Differs()
    {
        var bytes = Enumerable.Range(0, 64).Select(i => (byte)i).ToArray();
        byte[] exchanged = [.. bytes[8..16], .. bytes[..8], .. bytes[16..]];
        byte[] blocks = [.. bytes[16..32], .. bytes[..16], .. bytes[32..]];

        Assert.Equal(3, new[] { bytes, exchanged, blocks }.Select(b => ContentHash.Of(b)).Distinct().Count());
    }

    [Fact]
    public void Matches_NamesOfBothKinds_OnlyOwn()
    {
        byte[] bytes = [1, 2, 3];
        byte[] others = [1, 2, 4];

        Assert.True(ContentHash.Matches(bytes, ContentHash.Of(bytes)));
        Assert.True(ContentHash.Matches(bytes, Convert.ToHexString(SHA256.HashData(bytes))));
        Assert.False(ContentHash.Matches(others, ContentHash.Of(bytes)));
        Assert.False(ContentHash.Matches(others, ContentHash.Sha256Of(bytes)));
        Assert.False(ContentHash.Matches(bytes, ContentHash.Of(bytes)[..16]));
        Assert.False(ContentHash.Matches(bytes, ""));
    }
}
