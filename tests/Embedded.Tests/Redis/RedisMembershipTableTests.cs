using System.Globalization;
using Dpark.Tests.Membership;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;
using StackExchange.Redis;

namespace Dpark.Tests.Redis;

[NeedsRedis]
public sealed class RedisMembershipTableTests(RedisFixture redis) : MembershipTableSuite, IClassFixture<RedisFixture>
{
    private const string ClusterId = "test";
    private readonly string _serviceId = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    private readonly List<RedisMembershipTable> _opened = [];

    public override Task DisposeAsync()
    {
        _opened.ForEach(table => table.Dispose());
        return Task.CompletedTask;
    }

    [TableFact]
    public async Task InsertRow_Row_IsWrittenInTheOfficialLayout()
    {
        var table = await OpenInitializedAsync();

        await table.InsertRow(Rows.Entry(1, SiloStatus.Joining, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)), new TableVersion(1, "0"));

        var fields = (await redis.Database.HashGetAllAsync($"{_serviceId}/members/{ClusterId}"))
            .ToDictionary(field => (string)field.Name!, field => (string)field.Value!);
        var json = """
            {"SiloAddress":{"SiloAddress":"127.0.0.1:10001@1"},"Status":2,"SuspectTimes":null,"ProxyPort":0,"HostName":"","SiloName":"silo-1",
            "RoleName":"","UpdateZone":0,"FaultZone":0,"StartTime":"0001-01-01T00:00:00Z","IAmAliveTime":"2026-01-02T03:04:05Z"}
            """.ReplaceLineEndings("");
        Assert.Equal(new Dictionary<string, string> { ["Version"] = "1", ["S127.0.0.1:10001:1"] = json }, fields);
    }

    [TableFact]
    public async Task ReadAll_RowIsDamaged_SaysWhichField()
    {
        var table = await OpenInitializedAsync();
        await redis.Database.HashSetAsync($"{_serviceId}/members/{ClusterId}", "S127.0.0.1:1:1", "{\"Status\":");

        var exception = await Assert.ThrowsAsync<RedisClusteringException>(table.ReadAll);

        Assert.Contains("'S127.0.0.1:1:1'", exception.Message, StringComparison.Ordinal);
    }

    [TableFact]
    public async Task UpdateIAmAlive_NoRow_Throws()
    {
        var table = await OpenInitializedAsync();

        await Assert.ThrowsAsync<RedisClusteringException>(() => table.UpdateIAmAlive(Rows.Entry(1)));
    }

    [TableFact]
    public async Task InitializeMembershipTable_EntryExpiry_LimitsTheLifeOfTheTable()
    {
        var options = new RedisClusteringOptions { ConfigurationOptions = ConfigurationOptions.Parse(redis.Address), EntryExpiry = TimeSpan.FromHours(1) };

        await Open(options).InitializeMembershipTable(true);

        var timeToLive = await redis.Database.KeyTimeToLiveAsync($"{_serviceId}/members/{ClusterId}");
        Assert.InRange(timeToLive!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
    }

    [TableFact]
    public async Task Dispose_SharedConnection_StaysOpen()
    {
        var table = Open(new RedisClusteringOptions { CreateMultiplexer = _ => Task.FromResult((redis.Connection, true)) });
        await table.InitializeMembershipTable(true);

        table.Dispose();

        Assert.True(redis.Connection.IsConnected);
        await redis.Database.PingAsync();
    }

    [TableFact]
    public async Task GetGateways_Rows_AreThoseOfActiveSilosThatTakeClients()
    {
        var table = await OpenInitializedAsync();
        (int Number, SiloStatus Status, int Port)[] silos =
            [(1, SiloStatus.Active, 30_001), (2, SiloStatus.Active, 0), (3, SiloStatus.Dead, 30_003), (4, SiloStatus.Joining, 30_004)];
        foreach (var silo in silos)
        {
            var entry = Rows.Entry(silo.Number, silo.Status);
            entry.ProxyPort = silo.Port;
            await table.InsertRow(entry, (await table.ReadAll()).Version.Next());
        }

        var provider = new MembershipGatewayListProvider(await OpenAsync(), Options.Create(new GatewayOptions()));
        await provider.InitializeGatewayListProvider();

        Assert.Equal([new Uri("gwy.tcp://127.0.0.1:30001/0")], await provider.GetGateways());
    }

    [TableFact]
    public async Task InitializeMembershipTable_NobodyAnswers_SaysWhereAndNoPassword()
    {
        var options = ConfigurationOptions.Parse("127.0.0.1:1,password=secret,connectRetry=1,connectTimeout=2000");

        var exception = await Assert.ThrowsAsync<RedisClusteringException>(
            () => Open(new RedisClusteringOptions { ConfigurationOptions = options }).InitializeMembershipTable(true)).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Contains("cluster 'test'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.ToString(), StringComparison.Ordinal);
    }

    protected override Task<IMembershipTable> OpenAsync() =>
        Task.FromResult<IMembershipTable>(Open(new RedisClusteringOptions { ConfigurationOptions = ConfigurationOptions.Parse(redis.Address) }));

    private async Task<RedisMembershipTable> OpenInitializedAsync()
    {
        var table = (RedisMembershipTable)await OpenAsync();
        await table.InitializeMembershipTable(true);
        return table;
    }

    private RedisMembershipTable Open(RedisClusteringOptions options)
    {
        var cluster = new ClusterOptions { ClusterId = ClusterId, ServiceId = _serviceId };
        var table = new RedisMembershipTable(Options.Create(options), Options.Create(cluster), TimeProvider.System);
        _opened.Add(table);
        return table;
    }
}
