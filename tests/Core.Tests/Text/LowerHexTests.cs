namespace Dpark.Text;

public sealed class LowerHexTests
{
    [Fact]
    public void Of_EveryByte_IsAsTheFrameworkWritesIt()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(number => (byte)number)];

        Assert.Equal(Convert.ToHexStringLower(bytes), LowerHex.Of(bytes));
    }

    [Fact]
    public void ToBytes_DigitsOfEveryByte_AreTheBytes()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(number => (byte)number)];

        Assert.Equal(bytes, LowerHex.ToBytes(Convert.ToHexStringLower(bytes)));
        Assert.Empty(LowerHex.ToBytes(""));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0a1")]
    [InlineData("0A")]
    [InlineData("0g")]
    [InlineData("/0")]
    [InlineData("0:")]
    public void ToBytes_OtherText_IsRefused(string text) => Assert.Throws<FormatException>(() => LowerHex.ToBytes(text));

    [Fact]
    public void NewUnique_Twice_AreTwoOf32Digits()
    {
        var one = LowerHex.NewUnique();
        var other = LowerHex.NewUnique();

        Assert.NotEqual(one, other);
        Assert.Equal(32, one.Length);
        Assert.Equal(32, other.Length);
    }
}
