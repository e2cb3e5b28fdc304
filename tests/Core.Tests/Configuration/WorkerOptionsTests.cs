using System.Reflection;

namespace Dpark.Configuration;

/// <summary>Defaults and bounds of the options of registration, security and block store.</summary>
public sealed class WorkerOptionsTests
{
    [Fact]
    public void RegistrationOptions_Defaults_ArePinned()
    {
        var options = new RegistrationOptions();

        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)), (options.Interval, options.ApplicationCheckInterval));
        Assert.Equal((null, 0L), (options.Host, options.MemoryBytes));
        Assert.Equal(4, CountProperties<RegistrationOptions>());
        Assert.True(new RegistrationOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void SecurityOptions_Defaults_ArePinned()
    {
        var options = new SecurityOptions();

        Assert.Equal(("", false), (options.ClusterSecret, options.AllowInsecure));
        Assert.Equal(2, CountProperties<SecurityOptions>());
        Assert.True(new SecurityOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void BlockStoreOptions_Defaults_ArePinned()
    {
        var options = new BlockStoreOptions();

        Assert.Equal(67_108_864, options.MaxMemoryBytes);
        Assert.Equal(1, CountProperties<BlockStoreOptions>());
        Assert.True(new BlockStoreOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_RegistrationOptionsAllWrong_NamesEachWithValueAndBound()
    {
        var options = new RegistrationOptions { Interval = TimeSpan.Zero, ApplicationCheckInterval = TimeSpan.FromDays(1), MemoryBytes = -1 };

        var failures = new RegistrationOptionsValidator().Validate(null, options).Failures!;

        Assert.Equal(
            [
                "Dpark:Registration:Interval is 00:00:00. Set from 00:00:00.1000000 to 00:01:00: the master must know its workers soon after it has moved.",
                "Dpark:Registration:ApplicationCheckInterval is 1.00:00:00. Set from 00:00:01 to 01:00:00: what ended applications left behind must go.",
                "Dpark:Registration:MemoryBytes is -1. Set from 0 to 9223372036854775807: it is a number of bytes.",
            ],
            failures);
    }

    [Fact]
    public void Validate_ShortSecret_SaysItsLengthAndNotTheSecret()
    {
        var failures = new SecurityOptionsValidator().Validate(null, new() { ClusterSecret = "swordfish" }).Failures!;

        Assert.Equal("Dpark:Security:ClusterSecret is 9 characters long. Set from 16 to 1024 random characters: a shorter one can be guessed.", Assert.Single(failures));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(1024)]
    public void Validate_SecretOfAllowedLength_Succeeds(int length) =>
        Assert.True(new SecurityOptionsValidator().Validate(null, new() { ClusterSecret = new('x', length) }).Succeeded);

    [Fact]
    public void Validate_NegativeBlockStore_Fails() =>
        Assert.Equal(
            "Dpark:BlockStore:MaxMemoryBytes is -1. Set from 0 to 9223372036854775807: it is a number of bytes.",
            Assert.Single(new BlockStoreOptionsValidator().Validate(null, new() { MaxMemoryBytes = -1 }).Failures!));

    private static int CountProperties<T>() => typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length;
}
