using System.Globalization;
using System.Net;
using Orleans.Runtime;

namespace Dpark.Embedded.Tests.Identity;

public sealed class SiloAddressTests
{
    [Fact]
    public void FromParsableString_WhatToParsableStringWrote_IsTheSameObject()
    {
        var address = SiloAddress.New(IPAddress.Parse("10.0.0.1"), 11111, 123);

        Assert.Equal("10.0.0.1:11111@123", address.ToParsableString());
        Assert.Equal("S10.0.0.1:11111:123", address.ToString());
        Assert.Same(address, SiloAddress.FromParsableString(address.ToParsableString()));
    }

    [Fact]
    public void New_MappedAddress_IsTakenAsIPv4() =>
        Assert.Equal(SiloAddress.New(IPAddress.Loopback, 1, 1), SiloAddress.New(IPAddress.Loopback.MapToIPv6(), 1, 1));

    [Fact]
    public void ToString_ClientGeneration_BeginsWithC() => Assert.Equal("C127.0.0.1:1:-5", SiloAddress.New(IPAddress.Loopback, 1, -5).ToString());

    [Theory]
    [InlineData("10.200.30.4")]
    [InlineData("0.0.0.0")]
    [InlineData("fe80::1")]
    public void ToParsableString_AnyAddress_WritesTheEndpointAsTheFrameworkDoes(string address)
    {
        var endpoint = new IPEndPoint(IPAddress.Parse(address), 11111);

        Assert.Equal($"{endpoint}@7", SiloAddress.New(endpoint, 7).ToParsableString());
    }

    [Fact]
    public void AllocateNewGeneration_InOneSecond_Grows()
    {
        int[] generations = [.. Enumerable.Range(0, 100).Select(_ => SiloAddress.AllocateNewGeneration())];

        Assert.Equal(generations.Order().Distinct(), generations);
    }

    [Theory]
    [InlineData("2026-01-01T00:00:00Z", 1)]
    [InlineData("2026-01-01T00:00:00.124Z", 1)]
    [InlineData("2026-01-01T00:00:00.125Z", 2)]
    [InlineData("2026-01-01T00:00:01Z", 9)]
    [InlineData("2034-07-04T21:24:15.75Z", int.MaxValue)]
    [InlineData("2034-07-04T21:24:15.875Z", 1)]
    public void GenerationAt_EighthsOfASecond_Differ(string time, int expected) =>
        Assert.Equal(expected, SiloAddress.GenerationAt(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture)));

    [Theory]
    [InlineData("")]
    [InlineData("10.0.0.1:1")]
    [InlineData("host:1@2")]
    [InlineData("10.0.0.1:1@x")]
    public void TryParse_OtherForm_ReturnsFalse(string text) => Assert.False(SiloAddress.TryParse(text, out _));

    [Fact]
    public void IsSuccessorOf_RestartedSilo_IsTrue()
    {
        var first = SiloAddress.New(IPAddress.Loopback, 7, 1);
        var second = SiloAddress.New(IPAddress.Loopback, 7, 2);

        Assert.True(second.IsSuccessorOf(first));
        Assert.True(first.IsPredecessorOf(second));
        Assert.False(second.IsSuccessorOf(SiloAddress.New(IPAddress.Loopback, 8, 1)));
    }
}
