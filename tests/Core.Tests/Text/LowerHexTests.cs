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
    public void NewUnique_Twice_AreTwoOf32Digits()
    {
        var one = LowerHex.NewUnique();
        var other = LowerHex.NewUnique();

        Assert.NotEqual(one, other);
        Assert.Equal(32, one.Length);
        Assert.Equal(32, other.Length);
    }
}
