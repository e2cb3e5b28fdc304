using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Identity;

[Collection(SharedClusterCollection.Name)]
public sealed class GrainIdTests(SharedCluster cluster)
{
    private static readonly Guid SomeGuid = Guid.Parse("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9");

    private IClusterClient Client => cluster.Client;

    [Fact]
    public void ToString_StringKey_IsTypeAndKey() =>
        Assert.Equal("main/a/b+c", Client.GetGrain<IMainGrain>("a/b+c").GetGrainId().ToString());

    [Theory]
    [InlineData(-1, "twob/FFFFFFFFFFFFFFFF")]
    [InlineData(0, "twob/0")]
    [InlineData(255, "twob/FF")]
    [InlineData(long.MinValue, "twob/8000000000000000")]
    public void ToString_IntegerKeyOfUnnamedClass_IsLowerClassNameAndUpperHex(long key, string expected)
    {
        var grain = Client.GetGrain<ITwoB>(key);

        Assert.Equal(expected, grain.GetGrainId().ToString());
        Assert.Equal(key, grain.GetPrimaryKeyLong());
        Assert.True(grain.IsPrimaryKeyBasedOnLong());
    }

    [Fact]
    public void ToString_GuidCompoundKey_IsClassNameWithoutGrainAndLowerHex()
    {
        var grain = Client.GetGrain<IGGrain>(SomeGuid, "x/y");

        Assert.Equal("g/0a1b2c3d4e5f60718293a4b5c6d7e8f9+x/y", grain.GetGrainId().ToString());
        Assert.Equal(SomeGuid, grain.GetPrimaryKey(out var extension));
        Assert.Equal("x/y", extension);
    }

    [Fact]
    public async Task ToString_IntegerCompoundKey_SplitsAtTheFirstPlus()
    {
        var grain = Client.GetGrain<ILGrain>(255, "ext+2");

        Assert.Equal("l/FF+ext+2", grain.GetGrainId().ToString());
        Assert.Equal(255, grain.GetPrimaryKeyLong(out var extension));
        Assert.Equal("ext+2", extension);
        Assert.Equal(new CompoundKey(255, "ext+2"), await grain.KeyAsync().Within("the key inside the grain"));
    }

    [Fact]
    public async Task ToString_GuidKey_IsLowerHexWithoutDashes()
    {
        var grain = Client.GetGrain<IGuidGrain>(SomeGuid);

        Assert.Equal("conformance.guid/0a1b2c3d4e5f60718293a4b5c6d7e8f9", grain.GetGrainId().ToString());
        Assert.Equal(SomeGuid, await grain.KeyAsync().Within("the key inside the grain"));
    }

    [Fact]
    public void GetPrimaryKeyString_CompoundKey_IsTheWholeKey() =>
        Assert.Equal("FF+e", Client.GetGrain<ILGrain>(255, "e").GetPrimaryKeyString());

    [Fact]
    public void GetPrimaryKeyLong_StringKeyThatIsHex_Succeeds() =>
        Assert.Equal(255, Client.GetGrain<IMainGrain>("FF").GetPrimaryKeyLong());

    [Fact]
    public void GetPrimaryKeyLong_StringKey_Throws()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => Client.GetGrain<IMainGrain>("not hex").GetPrimaryKeyLong());

        Assert.StartsWith("Unable to extract integer key from grain id", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetPrimaryKey_StringKey_Throws() =>
        Assert.Throws<InvalidOperationException>(() => Client.GetGrain<IMainGrain>("no guid").GetPrimaryKey());

    [Fact]
    public void Parse_KeyWithSlash_SplitsAtTheFirst()
    {
        var id = GrainId.Parse("type/a/b");

        Assert.Equal(("type", "a/b"), (id.Type.ToString(), id.Key.ToString()));
        Assert.Equal(GrainId.Create("type", "a/b"), id);
        Assert.Equal("type/a/b", id.ToString());
    }

    [Fact]
    public void TryParse_TextWithoutSlash_ReturnsFalse()
    {
        Assert.False(GrainId.TryParse("no-slash", out _));
        Assert.True(GrainId.TryParse("type/key", out var id));
        Assert.Equal("key", id.Key.ToString());
    }

    [Fact]
    public void Equals_SameTypeAndKey_IsTrueWithTheSameHashes()
    {
        var first = GrainId.Create("type", "key");
        var second = GrainId.Parse("type/key");
        var other = GrainId.Create("type", "kez");

        Assert.True(first == second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.Equal(first.GetUniformHashCode(), second.GetUniformHashCode());
        Assert.True(first != other);
        Assert.Equal(-Math.Sign(first.CompareTo(other)), Math.Sign(other.CompareTo(first)));
    }

    [Fact]
    public async Task Identity_InsideGrain_NamesGrainAndSilo()
    {
        var key = TestKeys.New();

        var identity = await Client.GetGrain<IMainGrain>(key).IdentityAsync().Within("the identity of a grain");

        Assert.Equal($"main/{key}", identity.Id.ToString());
        Assert.Equal(identity.Id.ToString(), identity.IdentityString);
        Assert.Equal(identity.Silo.ToString(), identity.RuntimeIdentity);
        Assert.Contains(identity.Silo, cluster.Silos);
    }
}
