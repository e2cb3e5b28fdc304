using System.Reflection;

namespace Dpark.Configuration;

/// <summary>Defaults and bounds of the options of block server, block client, shuffles and cache.</summary>
public sealed class DataOptionsTests
{
    [Fact]
    public void BlockServerOptions_Defaults_ArePinned()
    {
        var expected = new BlockServerOptions
        {
            ListenHost = "127.0.0.1",
            Port = 0,
            AdvertisedHost = null,
            MaxConnections = 4096,
            PeerTimeout = TimeSpan.FromSeconds(60),
            IdleTimeout = TimeSpan.FromMinutes(10),
        };

        Assert.Equivalent(expected, new BlockServerOptions(), strict: true);
        Assert.Equal(6, CountProperties<BlockServerOptions>());
        Assert.True(new BlockServerOptionsValidator().Validate(null, new()).Succeeded);
    }

    [Fact]
    public void BlockClientOptions_Defaults_ArePinned()
    {
        var expected = new BlockClientOptions
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PeerTimeout = TimeSpan.FromSeconds(60),
            MaxAttempts = 3,
            RetryDelay = TimeSpan.FromMilliseconds(100),
            MaxIdleConnections = 16,
            IdleTimeout = TimeSpan.FromMinutes(2),
        };

        Assert.Equivalent(expected, new BlockClientOptions(), strict: true);
        Assert.Equal(6, CountProperties<BlockClientOptions>());
        Assert.True(new BlockClientOptionsValidator().Validate(null, new()).Succeeded);
    }

    [Fact]
    public void ShuffleOptions_Defaults_ArePinned()
    {
        var expected = new ShuffleOptions
        {
            Compression = ShuffleCompression.None,
            SpillThresholdBytes = 1_073_741_824,
            FrameBytes = 131_072,
            MaxMergeWidth = 64,
            MaxMemoryBytes = 67_108_864,
            MaxParallelFetches = 8,
        };

        Assert.Equivalent(expected, new ShuffleOptions(), strict: true);
        Assert.Equal(6, CountProperties<ShuffleOptions>());
        Assert.True(new ShuffleOptionsValidator().Validate(null, new()).Succeeded);
    }

    [Fact]
    public void ShuffleCompression_Numbers_ArePinned()
    {
        Assert.Equal([0, 1], Enum.GetValues<ShuffleCompression>().Select(value => (int)value));
    }

    [Fact]
    public void MemoryOptions_Defaults_ArePinned()
    {
        var options = new MemoryOptions();

        Assert.InRange(options.BudgetBytes, 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        Assert.Equal((0.5, TimeSpan.FromSeconds(10)), (options.ProtectedCacheShare, options.WaitLimit));
        Assert.Equal(3, CountProperties<MemoryOptions>());
        Assert.True(new MemoryOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_MemoryOptionsAllWrong_NamesEachWithValueAndBound()
    {
        var options = new MemoryOptions { BudgetBytes = 1000, ProtectedCacheShare = 1.5, WaitLimit = TimeSpan.FromHours(2) };

        Assert.Equal(
            [
                "Dpark:Memory:BudgetBytes is 1000. Set from 1048576 to 9223372036854775807: a task holds at least some batches.",
                "Dpark:Memory:ProtectedCacheShare is 1.5. Set from 0 to 1: it is a share of the budget.",
                "Dpark:Memory:WaitLimit is 02:00:00. Set from 00:00:00 to 01:00:00: a task that waits makes no progress.",
            ],
            new MemoryOptionsValidator().Validate(null, options).Failures!);
    }

    [Fact]
    public void CacheOptions_Default_IsAShareOfTheMemory()
    {
        var options = new CacheOptions();

        Assert.InRange(options.MaxBytes, 1, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        Assert.Equal(1, CountProperties<CacheOptions>());
        Assert.True(new CacheOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_BlockServerOptionsAllWrong_NamesEachWithValueAndBound()
    {
        var options = new BlockServerOptions
        {
            ListenHost = " ",
            Port = 65_536,
            AdvertisedHost = "",
            MaxConnections = 0,
            PeerTimeout = TimeSpan.Zero,
            IdleTimeout = TimeSpan.FromDays(2),
        };

        var failures = new BlockServerOptionsValidator().Validate(null, options).Failures!;

        Assert.Equal(
            [
                "Dpark:BlockServer:ListenHost is empty. Set an address or host name of this machine: the server must know where to listen.",
                "Dpark:BlockServer:Port is 65536. Set from 0 to 65535: it is a TCP port.",
                "Dpark:BlockServer:AdvertisedHost is empty. Set a host name or address, or leave it out: others must be able to connect to it.",
                "Dpark:BlockServer:MaxConnections is 0. Set from 1 to 1000000: each connection is an open file.",
                "Dpark:BlockServer:PeerTimeout is 00:00:00. Set from 00:00:01 to 01:00:00: a peer that hangs must not keep its connection.",
                "Dpark:BlockServer:IdleTimeout is 2.00:00:00. Set from 00:00:01 to 1.00:00:00: a peer that is gone must not keep its connection.",
            ],
            failures);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public void Validate_ListensOnAllAddresses_NeedsAnAdvertisedHost(string host)
    {
        var options = new BlockServerOptions { ListenHost = host };

        var failure = Assert.Single(new BlockServerOptionsValidator().Validate(null, options).Failures!);
        options.AdvertisedHost = "worker-7";

        Assert.Equal(
            $"Dpark:BlockServer:AdvertisedHost is not set. Set a host name or address: others cannot connect to {host}, which stands for all addresses.", failure);
        Assert.True(new BlockServerOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_BlockClientOptionsAllWrong_NamesEachWithValueAndBound()
    {
        var options = new BlockClientOptions
        {
            ConnectTimeout = TimeSpan.Zero,
            PeerTimeout = TimeSpan.FromDays(1),
            MaxAttempts = 0,
            RetryDelay = TimeSpan.FromSeconds(-1),
            MaxIdleConnections = -1,
            IdleTimeout = TimeSpan.Zero,
        };

        var failures = new BlockClientOptionsValidator().Validate(null, options).Failures!;

        Assert.Equal(
            [
                "Dpark:BlockClient:ConnectTimeout is 00:00:00. Set from 00:00:00.1000000 to 00:10:00: a worker that cannot be reached must be noticed.",
                "Dpark:BlockClient:PeerTimeout is 1.00:00:00. Set from 00:00:00.1000000 to 01:00:00: a worker that hangs must be noticed.",
                "Dpark:BlockClient:MaxAttempts is 0. Set from 1 to 100: a request must fail some time.",
                "Dpark:BlockClient:RetryDelay is -00:00:01. Set from 00:00:00 to 00:01:00: each further pause is twice as long.",
                "Dpark:BlockClient:MaxIdleConnections is -1. Set from 0 to 1024: each connection is an open file on both sides.",
                "Dpark:BlockClient:IdleTimeout is 00:00:00. Set from 00:00:01 to 1.00:00:00: a connection that nobody uses must end.",
            ],
            failures);
    }

    [Fact]
    public void Validate_ShuffleOptionsAllWrong_NamesEachWithValueAndBound()
    {
        var options = new ShuffleOptions
        {
            Compression = (ShuffleCompression)7,
            SpillThresholdBytes = 0,
            FrameBytes = 1 << 30,
            MaxMergeWidth = 1,
            MaxMemoryBytes = -1,
            MaxParallelFetches = 0,
        };

        var failures = new ShuffleOptionsValidator().Validate(null, options).Failures!;

        Assert.Equal(
            [
                "Dpark:Shuffle:Compression is 7. Set None or Lz4: readers know no other.",
                "Dpark:Shuffle:SpillThresholdBytes is 0. Set from 65536 to 1099511627776: each spill is a file, and what is not spilled is memory.",
                "Dpark:Shuffle:FrameBytes is 1073741824. Set from 1024 to 67108864: each frame has a header, and is in memory as a whole.",
                "Dpark:Shuffle:MaxMergeWidth is 1. Set from 2 to 1024: each merged file takes a file handle and a frame of memory.",
                "Dpark:Shuffle:MaxMemoryBytes is -1. Set from 0 to 1073741824: larger outputs are files anyway, and 0 makes all of them files.",
                "Dpark:Shuffle:MaxParallelFetches is 0. Set from 1 to 256: each fetch is a connection.",
            ],
            failures);
    }

    [Fact]
    public void Validate_NegativeCache_IsRefused()
    {
        var failure = Assert.Single(new CacheOptionsValidator().Validate(null, new CacheOptions { MaxBytes = -1 }).Failures!);

        Assert.Equal("Dpark:Cache:MaxBytes is -1. Set from 0 to 9223372036854775807: 0 keeps nothing.", failure);
    }

    [Fact]
    public void Validate_BoundsThemselves_AreAllowed()
    {
        var leastServer = new BlockServerOptions { Port = 0, MaxConnections = 1, PeerTimeout = TimeSpan.FromSeconds(1), IdleTimeout = TimeSpan.FromSeconds(1) };
        var mostServer = new BlockServerOptions { Port = 65_535, MaxConnections = 1_000_000, PeerTimeout = TimeSpan.FromHours(1), IdleTimeout = TimeSpan.FromHours(24) };
        var leastShuffle = new ShuffleOptions { SpillThresholdBytes = 64 << 10, FrameBytes = 1 << 10, MaxMergeWidth = 2, MaxMemoryBytes = 0, MaxParallelFetches = 1 };
        var mostShuffle = new ShuffleOptions { SpillThresholdBytes = 1L << 40, FrameBytes = 64 << 20, MaxMergeWidth = 1024, MaxMemoryBytes = 1L << 30, MaxParallelFetches = 256 };
        var leastClient = new BlockClientOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(100),
            PeerTimeout = TimeSpan.FromMilliseconds(100),
            MaxAttempts = 1,
            RetryDelay = TimeSpan.Zero,
            MaxIdleConnections = 0,
            IdleTimeout = TimeSpan.FromSeconds(1),
        };
        var mostClient = new BlockClientOptions
        {
            ConnectTimeout = TimeSpan.FromMinutes(10),
            PeerTimeout = TimeSpan.FromHours(1),
            MaxAttempts = 100,
            RetryDelay = TimeSpan.FromMinutes(1),
            MaxIdleConnections = 1024,
            IdleTimeout = TimeSpan.FromHours(24),
        };

        Assert.All([leastServer, mostServer], options => Assert.True(new BlockServerOptionsValidator().Validate(null, options).Succeeded));
        Assert.All([leastShuffle, mostShuffle], options => Assert.True(new ShuffleOptionsValidator().Validate(null, options).Succeeded));
        Assert.All([leastClient, mostClient], options => Assert.True(new BlockClientOptionsValidator().Validate(null, options).Succeeded));
    }

    private static int CountProperties<T>() => typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length;
}
