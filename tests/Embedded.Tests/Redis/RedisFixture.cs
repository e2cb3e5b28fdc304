using Dpark.TestKit;
using StackExchange.Redis;

namespace Dpark.Tests.Redis;

/// <summary>One server for all tests of a class; each test uses keys of its own. Without redis-server there is none, and the tests are skipped.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private RedisServer? _server;
    private ConnectionMultiplexer? _connection;

    public string Address => _server?.Address ?? throw new InvalidOperationException(RedisServer.SkipReason);

    /// <summary>A connection of the tests' own.</summary>
    public IConnectionMultiplexer Connection => _connection ?? throw new InvalidOperationException(RedisServer.SkipReason);

    public IDatabase Database => Connection.GetDatabase();

    public async Task InitializeAsync()
    {
        if (RedisServer.IsInstalled)
        {
            _server = await RedisServer.StartAsync();
            _connection = await ConnectionMultiplexer.ConnectAsync(Address);
        }
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            _connection?.Close(allowCommandsToComplete: false);
            await _server.DisposeAsync();
        }
    }
}
