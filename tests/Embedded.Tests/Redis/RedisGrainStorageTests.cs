using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Persistence;
using Orleans.Persistence.Redis;
using Orleans.Runtime;
using Orleans.Serialization;
using Orleans.Storage;
using StackExchange.Redis;

namespace Dpark.Tests.Redis;

public sealed class RedisGrainStorageTests(RedisFixture redis) : IClassFixture<RedisFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly GrainId Grain = GrainId.Create("account", "a/1");

    private readonly string _serviceId = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly List<TestLifecycle> _lifecycles = [];

    private string Key => $"{_serviceId}/state/account/a/1/balance";

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(_lifecycles.Select(lifecycle => lifecycle.StopAsync(CancellationToken.None)));
        await _services.DisposeAsync();
    }

    [RedisFact]
    public async Task ReadStateAsync_NothingStored_SaysSo()
    {
        var state = new GrainState<Balance>(new Balance { Amount = 1 }, "old") { RecordExists = true };

        await (await OpenAsync()).ReadStateAsync("balance", Grain, state);

        Assert.Equal((null, null, false), (state.State, state.ETag, state.RecordExists));
    }

    [RedisFact]
    public async Task WriteStateAsync_New_IsReadBackFromTheOfficialKey()
    {
        var storage = await OpenAsync();
        var written = new GrainState<Balance>(new Balance { Amount = 5 });

        await storage.WriteStateAsync("balance", Grain, written);

        var read = new GrainState<Balance>();
        await (await OpenAsync()).ReadStateAsync("balance", Grain, read);
        var fields = (await redis.Database.HashGetAllAsync(Key)).ToDictionary(field => (string)field.Name!, field => (string)field.Value!);
        Assert.Equal((5, written.ETag, true), (read.State.Amount, read.ETag, read.RecordExists));
        Assert.True(written.RecordExists);
        Assert.Equal(["data", "etag"], fields.Keys.Order());
        Assert.Equal(written.ETag, fields["etag"]);
        Assert.Null(await redis.Database.KeyTimeToLiveAsync(Key));
    }

    [RedisFact]
    public async Task WriteStateAsync_Again_ChangesTheEtag()
    {
        var storage = await OpenAsync();
        var state = new GrainState<Balance>(new Balance { Amount = 5 });
        await storage.WriteStateAsync("balance", Grain, state);
        var first = state.ETag;

        await storage.WriteStateAsync("balance", Grain, state);

        Assert.NotEqual(first, state.ETag);
    }

    [RedisFact]
    public async Task WriteStateAsync_TwoWritersOfOneEtag_OneIsRefused()
    {
        var storage = await OpenAsync();
        var first = await StoredAsync(storage, 1);
        var second = new GrainState<Balance>();
        await storage.ReadStateAsync("balance", Grain, second);
        first.State.Amount = 2;
        await storage.WriteStateAsync("balance", Grain, first);

        var exception = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("balance", Grain, second));

        await storage.ReadStateAsync("balance", Grain, second);
        Assert.Equal(first.ETag, exception.StoredEtag);
        Assert.NotEqual(exception.StoredEtag, exception.CurrentEtag);
        Assert.Equal(2, second.State.Amount);
    }

    [RedisFact]
    public async Task WriteStateAsync_StoredByOthersSinceNothingWasThere_IsRefused()
    {
        var storage = await OpenAsync();
        await StoredAsync(storage, 1);

        var exception = await Assert.ThrowsAsync<InconsistentStateException>(
            () => storage.WriteStateAsync("balance", Grain, new GrainState<Balance>(new Balance())));

        Assert.Null(exception.CurrentEtag);
    }

    [RedisTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClearStateAsync_OldEtag_IsRefusedAndKeepsTheState(bool deleteStateOnClear)
    {
        var storage = await OpenAsync(options => options.DeleteStateOnClear = deleteStateOnClear);
        var state = await StoredAsync(storage, 1);

        await Assert.ThrowsAsync<InconsistentStateException>(
            () => storage.ClearStateAsync("balance", Grain, new GrainState<Balance>(new Balance(), "other")));

        await storage.ReadStateAsync("balance", Grain, state);
        Assert.Equal(1, state.State.Amount);
    }

    [RedisTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClearStateAsync_NothingStored_IsDone(bool deleteStateOnClear)
    {
        var storage = await OpenAsync(options => options.DeleteStateOnClear = deleteStateOnClear);
        var state = new GrainState<Balance>();

        await storage.ClearStateAsync("balance", Grain, state);

        Assert.False(state.RecordExists);
    }

    [RedisFact]
    public async Task ClearStateAsync_Default_KeepsAnEtagThatRefusesOlderWriters()
    {
        var storage = await OpenAsync();
        var state = await StoredAsync(storage, 1);
        var old = state.ETag;

        await storage.ClearStateAsync("balance", Grain, state);

        var read = new GrainState<Balance>();
        await storage.ReadStateAsync("balance", Grain, read);
        Assert.Equal((null, false), (state.State, state.RecordExists));
        Assert.Equal((null, state.ETag, false), (read.State, read.ETag, read.RecordExists));
        Assert.NotEqual(old, read.ETag);
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => storage.WriteStateAsync("balance", Grain, new GrainState<Balance>(new Balance(), old)));
        state.State = new Balance { Amount = 3 };
        await storage.WriteStateAsync("balance", Grain, state);
    }

    [RedisFact]
    public async Task ClearStateAsync_DeleteStateOnClear_DeletesTheKey()
    {
        var storage = await OpenAsync(options => options.DeleteStateOnClear = true);
        var state = await StoredAsync(storage, 1);

        await storage.ClearStateAsync("balance", Grain, state);

        Assert.Equal((null, null, false), (state.State, state.ETag, state.RecordExists));
        Assert.False(await redis.Database.KeyExistsAsync(Key));
    }

    [RedisFact]
    public async Task WriteStateAsync_EntryExpiry_LimitsTheLifeOfTheState()
    {
        var storage = await OpenAsync(options => options.EntryExpiry = TimeSpan.FromHours(1.5));

        await StoredAsync(storage, 1);

        Assert.InRange((await redis.Database.KeyTimeToLiveAsync(Key))!.Value, TimeSpan.FromHours(1), TimeSpan.FromHours(1.5));
    }

    [RedisFact]
    public async Task WriteStateAsync_KeyOfUser_IsUsed()
    {
        var own = (RedisKey)$"{_serviceId}:own";
        var storage = await OpenAsync(options => options.GetStorageKey = (_, _) => own);

        await StoredAsync(storage, 1);

        Assert.True(await redis.Database.KeyExistsAsync(own));
        Assert.False(await redis.Database.KeyExistsAsync(Key));
    }

    [RedisFact]
    public async Task ReadStateAsync_AfterStop_SaysThatItIsNotConnected()
    {
        var storage = await OpenAsync();
        await _lifecycles.Single().StopAsync(CancellationToken.None);

        var exception = await Assert.ThrowsAsync<RedisStorageException>(() => storage.ReadStateAsync("balance", Grain, new GrainState<Balance>()));

        Assert.Contains("'test'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_NoAddress_SaysWhichStorage()
    {
        using var host = Build(silo => silo.UseLocalhostClustering(21_030, 0).AddRedisGrainStorage("accounts"));

        var exception = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Contains("'accounts'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_NobodyAnswers_SaysWhichStorageAndWhere()
    {
        using var host = Build(silo => silo.UseLocalhostClustering(21_031, 0).AddRedisGrainStorageAsDefault(
            options => options.ConfigurationOptions = ConfigurationOptions.Parse("127.0.0.1:1,connectRetry=1,connectTimeout=2000")));

        var exception = await Assert.ThrowsAsync<RedisStorageException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Contains("'Default'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", exception.Message, StringComparison.Ordinal);
    }

    private static IHost Build(Action<ISiloBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(configure);
        return builder.Build();
    }

    private static async Task<GrainState<Balance>> StoredAsync(RedisGrainStorage storage, int amount)
    {
        var state = new GrainState<Balance>(new Balance { Amount = amount });
        await storage.WriteStateAsync("balance", Grain, state);
        return state;
    }

    private async Task<RedisGrainStorage> OpenAsync(Action<RedisStorageOptions>? configure = null)
    {
        var options = new RedisStorageOptions { ConfigurationOptions = ConfigurationOptions.Parse(redis.Address) };
        configure?.Invoke(options);
        var cluster = Options.Create(new ClusterOptions { ServiceId = _serviceId });
        var storage = new RedisGrainStorage("test", options, _services.GetRequiredService<Serializer>(), cluster, TimeProvider.System);
        var lifecycle = new TestLifecycle();
        _lifecycles.Add(lifecycle);
        storage.Participate(lifecycle);
        await lifecycle.StartAsync(CancellationToken.None);
        return storage;
    }
}

[GenerateSerializer, Alias("test.Balance")]
public sealed class Balance
{
    [Id(0)]
    public int Amount { get; set; }
}
