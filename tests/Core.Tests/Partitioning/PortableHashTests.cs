using System.Numerics;

namespace Dpark.Partitioning;

/// <summary>The vectors are what DPark's <c>portable_hash</c> gives.</summary>
public sealed class PortableHashTests
{
    [Fact]
    public void Of_Texts_AreDparks()
    {
        Assert.Equal(0, PortableHash.Of(""));
        Assert.Equal(12416037344, PortableHash.Of("a"));
        Assert.Equal(1453079729188098211, PortableHash.Of("abc"));
        Assert.Equal(-2324238377118044897, PortableHash.Of("hello world"));
        Assert.Equal(2561679356228037570, PortableHash.Of("\u4E2D\u6587"));
        Assert.Equal(PortableHash.Of("a"), PortableHash.Of('a'));
    }

    [Fact]
    public void Of_TextBeyondTheBasicPlane_CountsCodePoints()
    {
        const long CodePoint = 0x1F600;

        Assert.Equal(((1000003 * (CodePoint << 7)) ^ CodePoint) ^ 1, PortableHash.Of("\U0001F600"));
    }

    [Fact]
    public void Of_Bytes_AreDparks()
    {
        Assert.Equal(0, PortableHash.Of(Array.Empty<byte>()));
        Assert.Equal(128000382, PortableHash.Of(new byte[] { 0xFF }));
    }

    [Fact]
    public void Of_Tuples_AreDparks()
    {
        Assert.Equal(3527539, PortableHash.Of(default(ValueTuple)));
        Assert.Equal(3430019387558, PortableHash.Of(ValueTuple.Create(1)));
        Assert.Equal(3713081631934410656, PortableHash.Of((1, 2)));
        Assert.Equal(-3828833845468547008, PortableHash.Of(("a", 1)));
        Assert.Equal(53901457427845988, PortableHash.Of((1, (2, "x"))));
        Assert.Equal(1314604932900498, PortableHash.Of(ValueTuple.Create<string?>(null)));
        Assert.Equal(3713081631934410656, PortableHash.Of(Tuple.Create(1L, (byte)2)));
    }

    [Fact]
    public void Of_Numbers_AreDparks()
    {
        Assert.Equal(-2, PortableHash.Of(-1));
        Assert.Equal(-2, PortableHash.Of(-1.0));
        Assert.Equal(1152921504606846976, PortableHash.Of(0.5));
        Assert.Equal(0, PortableHash.Of((1L << 61) - 1));
        Assert.Equal(1, PortableHash.Of(1L << 61));
        Assert.Equal(1, PortableHash.Of((double)(1L << 61)));
        Assert.Equal(-4, PortableHash.Of(long.MinValue));
        Assert.Equal(7, PortableHash.Of(ulong.MaxValue));
        Assert.Equal(7, PortableHash.Of(new BigInteger(ulong.MaxValue)));
        Assert.Equal(3, PortableHash.Of(3.0f));
        Assert.Equal(314159, PortableHash.Of(double.PositiveInfinity));
        Assert.Equal(0, PortableHash.Of(double.NaN));
        Assert.Equal(PortableHash.Of(1L << 53), PortableHash.Of((double)(1L << 53)));
    }

    [Fact]
    public void Of_Null_IsDparks() => Assert.Equal(1315925605, PortableHash.Of<string?>(null));

    [Fact]
    public void EnsureSupported_WhatDparkRefuses_IsRefused()
    {
        Assert.Throws<UnsupportedKeyTypeException>(PortableHash.EnsureSupported<bool>);
        Assert.Throws<UnsupportedKeyTypeException>(PortableHash.EnsureSupported<decimal>);
        Assert.Throws<UnsupportedKeyTypeException>(PortableHash.EnsureSupported<List<int>>);
        Assert.Throws<UnsupportedKeyTypeException>(PortableHash.EnsureSupported<(int, DateTime)>);
        Assert.Throws<UnsupportedKeyTypeException>(() => PortableHash.Of(true));
        PortableHash.EnsureSupported<(string, int?, (double, byte[]))>();
    }
}
