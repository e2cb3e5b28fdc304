using System.Net;
using StackExchange.Redis;

namespace Orleans.Runtime.Redis;

/// <summary>A connection to Redis, which reconnects by itself. Its owner opens and closes it. Thread-safe.</summary>
/// <param name="endpoints">Names the server in errors.</param>
internal sealed class RedisConnection(IConnectionMultiplexer multiplexer, bool isShared, string endpoints, TimeProvider clock)
{
    // The client waits without end for a server that has stopped answering on an open connection.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    public IDatabase Database { get; } = multiplexer.GetDatabase();

    /// <summary>Connects, not shared.</summary>
    public static async Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> ConnectAsync(ConfigurationOptions options)
    {
        var multiplexer = await ConnectionMultiplexer.ConnectAsync(options).ConfigureAwait(false);

        // Answers are awaited one by one, so that the one must not wait for what is done with the other.
        multiplexer.PreserveAsyncOrder = false;
        return (multiplexer, false);
    }

    /// <summary>Opens a connection by a delegate of options.</summary>
    /// <exception cref="RedisCallException">Redis cannot be reached.</exception>
    public static async Task<RedisConnection> OpenAsync(
        Func<Task<(IConnectionMultiplexer Multiplexer, bool IsShared)>> create, ConfigurationOptions? options, TimeProvider clock)
    {
        var endpoints = Describe(options);
        try
        {
            var (multiplexer, isShared) = await create().ConfigureAwait(false);
            return new RedisConnection(multiplexer, isShared, endpoints, clock);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            throw new RedisCallException($"Redis at {endpoints} cannot be reached", exception);
        }
    }

    /// <summary>Awaits a command.</summary>
    /// <exception cref="RedisCallException">It failed, or there was no answer in time. It may have been carried out.</exception>
    public async Task<T> CallAsync<T>(Task<T> command)
    {
        try
        {
            return await command.WaitAsync(CallLimit, clock).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsFailure(exception))
        {
            throw new RedisCallException($"Redis at {endpoints} did not carry out a command ({exception.GetType().Name}: {exception.Message})", exception);
        }
    }

    /// <summary>Closes the connection, unless it is shared. Commands that run fail.</summary>
    public void Close()
    {
        if (!isShared)
        {
            multiplexer.Close(allowCommandsToComplete: false);
        }
    }

    private static bool IsFailure(Exception exception) =>
        exception is RedisException or RedisConnectionException or RedisCommandException or TimeoutException or ObjectDisposedException;

    // Never the whole of the options: they may hold a password.
    private static string Describe(ConfigurationOptions? options)
    {
        var names = options?.EndPoints.Select(endpoint => endpoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endpoint.ToString());
        return names is null ? "an unnamed address" : string.Join(", ", names);
    }
}
