using Orleans.Runtime;

namespace Dpark.Embedded.Tests.Identity;

public sealed class GrainIdTests
{
    [Fact]
    public void Parse_KeyWithSlashes_SplitsAtTheFirst()
    {
        var id = GrainId.Parse("main/a/b+c");

        Assert.Equal(GrainType.Create("main"), id.Type);
        Assert.Equal("a/b+c", id.Key.ToString());
        Assert.Equal("main/a/b+c", id.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("main")]
    [InlineData("/key")]
    [InlineData("main/")]
    public void TryParse_OtherForm_ReturnsFalse(string text) => Assert.False(GrainId.TryParse(text, out _));

    [Theory]
    [InlineData(0L, "0")]
    [InlineData(255L, "FF")]
    [InlineData(-1L, "FFFFFFFFFFFFFFFF")]
    [InlineData(long.MinValue, "8000000000000000")]
    public void CreateIntegerKey_AnyNumber_IsReadBack(long key, string text)
    {
        var id = GrainId.Create(GrainType.Create("x"), GrainIdKeyExtensions.CreateIntegerKey(key));

        Assert.Equal(text, id.Key.ToString());
        Assert.Equal(key, id.GetIntegerKey());
    }

    [Fact]
    public void CreateIntegerKey_ExtensionWithPlus_IsReadBack()
    {
        var id = GrainId.Create(GrainType.Create("l"), GrainIdKeyExtensions.CreateIntegerKey(255, "ext+2"));

        Assert.Equal("l/FF+ext+2", id.ToString());
        Assert.Equal(255, id.GetIntegerKey(out var extension));
        Assert.Equal("ext+2", extension);
    }

    [Fact]
    public void GetGuidKey_KeyOfAnotherKind_IsNamed()
    {
        var id = GrainId.Create("x", "text");

        var error = Assert.Throws<InvalidOperationException>(() => id.GetGuidKey());

        Assert.StartsWith("Unable to extract Guid key from grain id x/text", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetUniformHashCode_NeighbouringKeys_SpreadOverTheRange()
    {
        var quarters = Enumerable.Range(0, 4_000)
            .Select(i => GrainId.Create("type", $"key-{i}").GetUniformHashCode() >> 30)
            .CountBy(quarter => quarter)
            .ToDictionary();

        Assert.Equal(4, quarters.Count);
        Assert.All(quarters.Values, count => Assert.InRange(count, 800, 1_200));
    }
}
