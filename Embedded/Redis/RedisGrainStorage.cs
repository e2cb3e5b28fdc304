using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Persistence.Redis;
using Orleans.Runtime;
using Orleans.Runtime.Redis;
using Orleans.Serialization;
using Orleans.Storage;
using StackExchange.Redis;

namespace Orleans.Persistence;

/// <summary>Grain storage in Redis: one hash per state, with the fields <c>etag</c> and <c>data</c>. Thread-safe.</summary>
/// <remarks>
/// Keys and fields are those of the official provider; the data is what <see cref="Serializer"/> writes, no JSON. A change is a script that compares the
/// ETag and writes, so of two writers with the same ETag one is refused. A state without data is one that was cleared: only its ETag is left.
/// </remarks>
internal sealed class RedisGrainStorage(
    string name, RedisStorageOptions options, Serializer serializer, IOptions<ClusterOptions> cluster, TimeProvider clock)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    // Arguments: the ETag that must be there, empty for none; the next one; the data; milliseconds to live, or -1.
    private const string WriteScript =
        """
        local stored = redis.call('HGET', KEYS[1], 'etag') or ''
        if stored ~= ARGV[1] then
          return {0, stored}
        end
        redis.call('HSET', KEYS[1], 'etag', ARGV[2], 'data', ARGV[3])
        if ARGV[4] ~= '-1' then
          redis.call('PEXPIRE', KEYS[1], ARGV[4])
        end
        return {1, ARGV[2]}
        """;

    private const string DeleteScript =
        """
        local stored = redis.call('HGET', KEYS[1], 'etag') or ''
        if stored ~= ARGV[1] then
          return {0, stored}
        end
        redis.call('DEL', KEYS[1])
        return {1, ''}
        """;

    private static readonly RedisValue[] Fields = ["etag", "data"];

    private volatile RedisConnection? _connection;

    private RedisConnection Connection =>
        _connection ?? throw new RedisStorageException(
            $"Redis grain storage '{name}' is not connected: it is from stage {options.InitStage} of the silo's start until its stop. "
                + "Use grains with a state in between.");

    public static RedisGrainStorage Create(IServiceProvider services, string name) => new(
        name,
        services.GetRequiredService<IOptionsMonitor<RedisStorageOptions>>().Get(name),
        services.GetRequiredService<Serializer>(),
        services.GetRequiredService<IOptions<ClusterOptions>>(),
        services.GetRequiredService<TimeProvider>());

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe($"{nameof(RedisGrainStorage)}-{name}", options.InitStage, OpenAsync, CloseAsync);

    // Continuations stay where the caller is: a turn of the activation.
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var fields = await CallAsync("read", stateName, grainId, Connection.Database.HashGetAsync(Key(stateName, grainId), Fields));
        var data = (byte[]?)fields[1];
        grainState.ETag = fields[0].HasValue ? (string?)fields[0] : null;
        grainState.RecordExists = data is { Length: > 0 };
        grainState.State = grainState.RecordExists ? serializer.Deserialize<T>(data!) : default!;
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        grainState.ETag = await ChangeAsync("written", stateName, grainId, grainState.ETag, WriteScript, serializer.SerializeToArray(grainState.State));
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var script = options.DeleteStateOnClear ? DeleteScript : WriteScript;
        grainState.ETag = await ChangeAsync("cleared", stateName, grainId, grainState.ETag, script, []);
        grainState.RecordExists = false;
        grainState.State = default!;
    }

    /// <returns>The ETag afterwards; null if there is no key any more.</returns>
    private async Task<string?> ChangeAsync(string action, string stateName, GrainId grainId, string? etag, string script, byte[] data)
    {
        var timeToLive = options.EntryExpiry is { } expiry ? (long)expiry.TotalMilliseconds : -1;
        RedisValue[] arguments = [etag ?? "", Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture), data, timeToLive];
        var call = Connection.Database.ScriptEvaluateAsync(script, [Key(stateName, grainId)], arguments);
        var reply = (RedisResult[])(await CallAsync(action, stateName, grainId, call))!;
        var stored = (string?)reply[1];
        stored = string.IsNullOrEmpty(stored) ? null : stored;
        return (int)reply[0] == 1
            ? stored
            : throw new InconsistentStateException(
                $"State '{stateName}' of grain {grainId} was not {action} in storage '{name}', because it has changed since it was read. "
                    + "The activation ends; the next one reads it anew.",
                stored,
                etag);
    }

    private async Task<T> CallAsync<T>(string action, string stateName, GrainId grainId, Task<T> command)
    {
        try
        {
            return await Connection.CallAsync(command);
        }
        catch (RedisCallException exception)
        {
            throw new RedisStorageException(
                $"State '{stateName}' of grain {grainId} was not {action} in storage '{name}': {exception.Message}. "
                    + "A write may have been carried out nevertheless; read the state before the next one.",
                exception.InnerException!);
        }
    }

    private RedisKey Key(string stateName, GrainId grainId) =>
        options.GetStorageKey?.Invoke(stateName, grainId) ?? $"{cluster.Value.ServiceId}/state/{grainId.Type}/{grainId.Key}/{stateName}";

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            _connection = await RedisConnection.OpenAsync(() => options.CreateMultiplexer(options), options.ConfigurationOptions, clock)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RedisCallException exception)
        {
            throw new RedisStorageException(
                $"Redis grain storage '{name}' cannot start: {exception.Message}. Check that Redis runs and can be reached.", exception.InnerException!);
        }
    }

    private Task CloseAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _connection, null)?.Close();
        return Task.CompletedTask;
    }
}
