using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.Redis;
using StackExchange.Redis;

namespace Orleans.Clustering.Redis;

/// <summary>The membership in one hash of Redis, in the layout of the official provider. Thread-safe.</summary>
/// <remarks>
/// The field <c>Version</c> holds the table's version, one field per silo its row as <see cref="MembershipJson"/>. The version is every row's ETag as
/// well: each change of a row is a transaction on the condition that the version is still the one that was read, and installs the next. A row's
/// <see cref="MembershipEntry.IAmAliveTime"/> is written on the same condition, but leaves the version; so it never undoes a change of the row.
/// </remarks>
internal sealed class RedisMembershipTable(IOptions<RedisClusteringOptions> options, IOptions<ClusterOptions> cluster, TimeProvider clock)
    : IMembershipTable, IDisposable
{
    private const string VersionField = "Version";
    private const string FirstVersion = "0";
    private const int MaxAliveAttempts = 10;

    private readonly RedisKey _key = options.Value.CreateRedisKey(cluster.Value);
    private volatile RedisConnection? _connection;

    private RedisConnection Connection =>
        _connection ?? throw new InvalidOperationException($"The membership table of cluster '{cluster.Value.ClusterId}' is not initialized. "
            + $"Call {nameof(InitializeMembershipTable)} first.");

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        _connection ??= await ToldAsync("prepare", OpenAsync()).ConfigureAwait(false);
        if (tryInitTableVersion)
        {
            await CallAsync("prepare", Connection.Database.HashSetAsync(_key, VersionField, FirstVersion, When.NotExists)).ConfigureAwait(false);
            if (options.Value.EntryExpiry is { } expiry)
            {
                await CallAsync("prepare", Connection.Database.KeyExpireAsync(_key, expiry)).ConfigureAwait(false);
            }
        }
    }

    public Task DeleteMembershipTableEntries(string clusterId)
    {
        var key = options.Value.CreateRedisKey(new ClusterOptions { ClusterId = clusterId, ServiceId = cluster.Value.ServiceId });
        return CallAsync("delete", Connection.Database.KeyDeleteAsync(key));
    }

    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        var data = await ReadAll().ConfigureAwait(false);
        RedisValue[] defunct =
        [
            .. data.Members
                .Select(row => row.Item1)
                .Where(entry => entry.Status == SiloStatus.Dead && entry.IAmAliveTime < beforeDate.UtcDateTime)
                .Select(entry => (RedisValue)entry.SiloAddress.ToString()),
        ];

        // Nobody comes back from the dead, so what was read still holds.
        if (defunct.Length > 0)
        {
            await CallAsync("clean up", Connection.Database.HashDeleteAsync(_key, defunct)).ConfigureAwait(false);
        }
    }

    public async Task<MembershipTableData> ReadRow(SiloAddress key)
    {
        var (version, row) = await ReadAsync(key).ConfigureAwait(false);
        return row is null ? new MembershipTableData(version) : new MembershipTableData(Tuple.Create(row, version.VersionEtag), version);
    }

    public async Task<MembershipTableData> ReadAll()
    {
        // One command, so one state.
        var fields = await CallAsync("read", Connection.Database.HashGetAllAsync(_key)).ConfigureAwait(false);
        var version = ToVersion(fields.FirstOrDefault(field => field.Name == VersionField).Value);
        return new MembershipTableData(
            [.. fields.Where(field => field.Name != VersionField).Select(field => Tuple.Create(ToEntry(field.Name!, field.Value), version.VersionEtag))],
            version);
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        WriteAsync(entry, tableVersion, Condition.HashNotExists(_key, entry.SiloAddress.ToString()));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        etag == tableVersion.VersionEtag
            ? WriteAsync(entry, tableVersion, Condition.HashExists(_key, entry.SiloAddress.ToString()))
            : Task.FromResult(false);

    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        for (var attempt = 0; attempt < MaxAliveAttempts; attempt++)
        {
            var (version, row) = await ReadAsync(entry.SiloAddress).ConfigureAwait(false);
            if (row is null)
            {
                throw new RedisClusteringException(
                    $"Silo {entry.SiloAddress} has no row in the membership of cluster '{cluster.Value.ClusterId}'. It must start again as a new silo.");
            }

            row.IAmAliveTime = entry.IAmAliveTime;
            var transaction = Connection.Database.CreateTransaction();
            transaction.AddCondition(Condition.HashEqual(_key, VersionField, version.VersionEtag));
            Forget(transaction.HashSetAsync(_key, entry.SiloAddress.ToString(), MembershipJson.Write(row)));
            if (await CallAsync("write", transaction.ExecuteAsync()).ConfigureAwait(false))
            {
                return;
            }
        }

        throw new RedisClusteringException(
            $"Silo {entry.SiloAddress} could not say that it lives: the membership of cluster '{cluster.Value.ClusterId}' has changed "
                + $"during each of {MaxAliveAttempts} attempts. It tries again later.");
    }

    public void Dispose() => _connection?.Close();

    // The commands of a transaction end with it, and its end says all there is to know.
    private static void Forget(Task command) => command.ContinueWith(
        static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private Task<RedisConnection> OpenAsync() =>
        RedisConnection.OpenAsync(() => options.Value.CreateMultiplexer(options.Value), options.Value.ConfigurationOptions, clock);

    private async Task<bool> WriteAsync(MembershipEntry entry, TableVersion version, Condition rowCondition)
    {
        var transaction = Connection.Database.CreateTransaction();
        transaction.AddCondition(Condition.HashEqual(_key, VersionField, version.VersionEtag));
        transaction.AddCondition(rowCondition);
        Forget(transaction.HashSetAsync(_key, VersionField, version.Version.ToString(CultureInfo.InvariantCulture)));
        Forget(transaction.HashSetAsync(_key, entry.SiloAddress.ToString(), MembershipJson.Write(entry)));
        return await CallAsync("write", transaction.ExecuteAsync()).ConfigureAwait(false);
    }

    private async Task<(TableVersion Version, MembershipEntry? Row)> ReadAsync(SiloAddress silo)
    {
        var name = silo.ToString();
        var fields = await CallAsync("read", Connection.Database.HashGetAsync(_key, [VersionField, name])).ConfigureAwait(false);
        return (ToVersion(fields[0]), fields[1].HasValue ? ToEntry(name, fields[1]) : null);
    }

    private TableVersion ToVersion(RedisValue field)
    {
        if (!field.HasValue)
        {
            return new TableVersion(0, FirstVersion);
        }

        var text = (string)field!;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new TableVersion(version, text)
            : throw new RedisClusteringException(
                $"Field '{VersionField}' of the membership of cluster '{cluster.Value.ClusterId}' in Redis is no version. "
                    + "Stop the cluster's silos and delete the key.");
    }

    private MembershipEntry ToEntry(string name, RedisValue json)
    {
        try
        {
            return MembershipJson.Read((byte[])json!);
        }
        catch (FormatException exception)
        {
            throw new RedisClusteringException(
                $"Field '{name}' of the membership of cluster '{cluster.Value.ClusterId}' in Redis is no row: {exception.Message} Delete the field.", exception);
        }
    }

    private Task<T> CallAsync<T>(string action, Task<T> command) => ToldAsync(action, Connection.CallAsync(command));

    private async Task<T> ToldAsync<T>(string action, Task<T> call)
    {
        try
        {
            return await call.ConfigureAwait(false);
        }
        catch (RedisCallException exception)
        {
            throw new RedisClusteringException(
                $"Could not {action} the membership of cluster '{cluster.Value.ClusterId}': {exception.Message}. Check that Redis runs and can be reached.",
                exception.InnerException!);
        }
    }
}
