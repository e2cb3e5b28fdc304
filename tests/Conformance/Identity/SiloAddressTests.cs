using System.Net;
using Orleans.Runtime;

namespace Dpark.Conformance.Identity;

public sealed class SiloAddressTests
{
    private static readonly IPAddress SomeHost = IPAddress.Parse("10.1.2.3");

    [Fact]
    public void ToString_SiloAndClient_HaveTheirLetters()
    {
        Assert.Equal("S10.1.2.3:11111:77", SiloAddress.New(SomeHost, 11111, 77).ToString());
        Assert.Equal("C10.1.2.3:0:-5", SiloAddress.New(SomeHost, 0, -5).ToString());
        Assert.True(SiloAddress.New(SomeHost, 0, -5).IsClient);
        Assert.False(SiloAddress.New(SomeHost, 11111, 77).IsClient);
    }

    [Theory]
    [InlineData("10.1.2.3:11111@77")]
    [InlineData("127.0.0.1:0@0")]
    public void FromParsableString_OfToParsableString_IsEqual(string text)
    {
        var address = SiloAddress.FromParsableString(text);

        Assert.Equal(text, address.ToParsableString());
        Assert.Equal(address, SiloAddress.New(address.Endpoint, address.Generation));
        Assert.Equal(address.GetHashCode(), SiloAddress.FromParsableString(text).GetHashCode());
        Assert.Equal(address.GetConsistentHashCode(), SiloAddress.FromParsableString(text).GetConsistentHashCode());
    }

    [Fact]
    public void FromParsableString_IPv6_IsEqual()
    {
        var address = SiloAddress.New(IPAddress.IPv6Loopback, 11111, 3);

        Assert.Equal(address, SiloAddress.FromParsableString(address.ToParsableString()));
    }

    [Fact]
    public void New_MappedIPv4_IsTheIPv4Address() =>
        Assert.Equal(SiloAddress.New(SomeHost, 1, 2), SiloAddress.New(SomeHost.MapToIPv6(), 1, 2));

    [Fact]
    public void Equals_OtherGeneration_IsFalse()
    {
        var first = SiloAddress.New(SomeHost, 11111, 1);
        var restarted = SiloAddress.New(SomeHost, 11111, 2);

        Assert.NotEqual(first, restarted);
        Assert.True(first.CompareTo(restarted) < 0);
    }

    [Fact]
    public void AllocateNewGeneration_Repeated_Increases()
    {
        int[] generations = [.. Enumerable.Range(0, 10).Select(_ => SiloAddress.AllocateNewGeneration())];

        Assert.Equal(generations.Distinct().Order(), generations);
    }
}
