using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>Reads and changes the membership table for this silo, and publishes what it reads. Thread-safe.</summary>
/// <remarks>
/// Every change is one compare-and-set on the version of the whole table: read all rows, change one, write it with the next version; a lost race
/// starts over.
/// So all silos see one order of views, and the view with version v is the same for everybody. A crash between read and write leaves nothing behind;
/// one
/// after the write leaves a row that others see at their next read. Who succeeds publishes the new view at once and gossips it.
/// A silo's life in the table: Joining (row written, older rows of its endpoint declared dead), Active, ShuttingDown or Stopping, Dead. Dead is
/// final.
/// </remarks>
internal sealed partial class MembershipProtocol(
    IMembershipTable table,
    ILocalSiloDetails silo,
    MembershipView view,
    IMembershipGossip gossip,
    TimeProvider clock,
    ILogger<MembershipProtocol> logger)
{
    private static readonly TimeSpan RetryStep = TimeSpan.FromMilliseconds(5);

    /// <summary>Whether this silo may have a row: it has begun to write it. As long as it has not, a row of its address is another one's.</summary>
    public bool MayHaveRow { get; private set; }

    /// <summary>Writes this silo's row, and declares earlier silos of its endpoint dead.</summary>
    /// <exception cref="OrleansException">A newer silo has the endpoint, or another had this very address.</exception>
    public async Task JoinAsync(CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTable(true).ConfigureAwait(false);
        await ReplacePredecessorsAsync(cancellationToken).ConfigureAwait(false);
        var now = clock.GetUtcNow().UtcDateTime;
        var entry = new MembershipEntry
        {
            SiloAddress = silo.SiloAddress,
            Status = SiloStatus.Joining,
            SiloName = silo.Name,
            HostName = silo.DnsHostName,
            RoleName = Assembly.GetEntryAssembly()?.GetName().Name ?? "",
            ProxyPort = silo.GatewayAddress?.Endpoint.Port ?? 0,
            StartTime = now,
            IAmAliveTime = now,
        };
        await RetryAsync(
            async () =>
            {
                var data = await table.ReadAll().ConfigureAwait(false);
                if (data.TryGet(silo.SiloAddress) is { } row)
                {
                    throw new OrleansException($"Silo {silo.SiloAddress} cannot join, because another had this address and is {row.Item1.Status}. "
                        + "Start it again: it gets another generation then.");
                }

                // It stays so if the answer is lost.
                MayHaveRow = true;
                var version = data.Version.Next();
                MayHaveRow = await table.InsertRow(entry, version).ConfigureAwait(false);
                return MayHaveRow ? Publish(data, entry, version) : null;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Changes this silo's status.</summary>
    /// <exception cref="OrleansMissingMembershipEntryException">The row has vanished.</exception>
    public async Task UpdateStatusAsync(SiloStatus status, CancellationToken cancellationToken)
    {
        if (!await UpdateAsync(silo.SiloAddress, status, cancellationToken).ConfigureAwait(false))
        {
            throw new OrleansMissingMembershipEntryException(
                $"Silo {silo.SiloAddress} could not become {status}, because its row has vanished from the membership table. "
                    + "It must start again as a new silo.");
        }

        LogStatus(silo.SiloAddress, status);
    }

    /// <summary>Declares a silo dead.</summary>
    /// <returns>False if the table does not know the silo.</returns>
    public Task<bool> DeclareDeadAsync(SiloAddress victim, CancellationToken cancellationToken) =>
        UpdateAsync(victim, SiloStatus.Dead, cancellationToken);

    /// <summary>Votes for a silo's death, and declares it if there are votes enough. A silo that is dead itself has no vote.</summary>
    /// <param name="helper">Another silo that has found the same. Null: none.</param>
    public Task SuspectAsync(SiloAddress victim, SiloAddress? helper, ClusterMembershipOptions options, CancellationToken cancellationToken)
    {
        SiloAddress[] voters = helper is null ? [silo.SiloAddress] : [silo.SiloAddress, helper];
        return RetryAsync(
            async () =>
            {
                var data = await table.ReadAll().ConfigureAwait(false);
                var now = clock.GetUtcNow().UtcDateTime;
                var needed = MembershipVotes.Needed(data, now, options);
                var row = data.TryGet(victim);

                // The dead do not vote: of two silos that cannot reach each other, only the first to write goes on.
                if (row is null or { Item1.Status: SiloStatus.Dead }
                    || data.TryGet(silo.SiloAddress) is null or { Item1.Status: SiloStatus.Dead }
                    || !MembershipVotes.Add(row.Item1, voters, needed, now, options))
                {
                    return ToSnapshot(data, data.Version);
                }

                var version = data.Version.Next();
                if (!await table.UpdateRow(row.Item1, row.Item2, version).ConfigureAwait(false))
                {
                    return null;
                }

                LogSuspected(silo.SiloAddress, victim, row.Item1.SuspectTimes!.Count, needed, row.Item1.Status);
                return Publish(data, row.Item1, version);
            },
            cancellationToken);
    }

    /// <summary>Reads the table, publishes what is there, and names the other silos that are active and have said so lately.</summary>
    public async Task<List<SiloAddress>> ReadRunningAsync(ClusterMembershipOptions options, CancellationToken cancellationToken)
    {
        var data = await table.ReadAll().WaitAsync(cancellationToken).ConfigureAwait(false);
        view.TryPublish(ToSnapshot(data, data.Version));
        var now = clock.GetUtcNow().UtcDateTime;
        return
        [
            .. data.Members
                .Select(row => row.Item1)
                .Where(entry => entry.Status == SiloStatus.Active && !MembershipVotes.IsStale(entry, now, options))
                .Select(entry => entry.SiloAddress)
                .Where(other => !other.Equals(silo.SiloAddress)),
        ];
    }

    /// <summary>Reads the table and publishes what is there.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var data = await table.ReadAll().WaitAsync(cancellationToken).ConfigureAwait(false);
        view.TryPublish(ToSnapshot(data, data.Version));
    }

    /// <summary>Says in the table that this silo lives.</summary>
    public Task UpdateIAmAliveAsync() =>
        table.UpdateIAmAlive(new MembershipEntry { SiloAddress = silo.SiloAddress, IAmAliveTime = clock.GetUtcNow().UtcDateTime });

    /// <summary>Deletes rows of dead silos that last said long ago that they live, and the oldest of those that are too many.</summary>
    public async Task CleanUpAsync(ClusterMembershipOptions options)
    {
        var before = clock.GetUtcNow() - options.DefunctSiloExpiration;
        if (options.MaxDefunctSiloEntries is { } most)
        {
            var data = await table.ReadAll().ConfigureAwait(false);
            DateTime[] dead = [.. data.Members.Where(row => row.Item1.Status == SiloStatus.Dead).Select(row => row.Item1.IAmAliveTime).OrderDescending()];
            if (dead.Length > most && new DateTimeOffset(dead[most].AddTicks(1), TimeSpan.Zero) is var newest && newest > before)
            {
                before = newest;
            }
        }

        await table.CleanupDefunctSiloEntries(before).ConfigureAwait(false);
    }

    /// <param name="changed">Stands in place of its row. Null: none.</param>
    private static ClusterMembershipSnapshot ToSnapshot(MembershipTableData data, TableVersion version, MembershipEntry? changed = null)
    {
        var members = ImmutableDictionary.CreateBuilder<SiloAddress, ClusterMember>();
        foreach (var (entry, _) in data.Members)
        {
            members[entry.SiloAddress] = new ClusterMember(entry.SiloAddress, entry.Status, entry.SiloName);
        }

        if (changed is not null)
        {
            members[changed.SiloAddress] = new ClusterMember(changed.SiloAddress, changed.Status, changed.SiloName);
        }

        return new ClusterMembershipSnapshot(members.ToImmutable(), new MembershipVersion(version.Version));
    }

    private async Task ReplacePredecessorsAsync(CancellationToken cancellationToken)
    {
        var data = await table.ReadAll().ConfigureAwait(false);
        foreach (var (entry, _) in data.Members.Where(row => row.Item1.Status != SiloStatus.Dead))
        {
            if (entry.SiloAddress.IsSuccessorOf(silo.SiloAddress))
            {
                throw new OrleansException($"Silo {silo.SiloAddress} cannot join, because {entry.SiloAddress} at the same endpoint is newer. "
                    + "Stop one of them.");
            }

            if (entry.SiloAddress.IsPredecessorOf(silo.SiloAddress))
            {
                LogPredecessor(entry.SiloAddress, silo.SiloAddress);
                await DeclareDeadAsync(entry.SiloAddress, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<bool> UpdateAsync(SiloAddress target, SiloStatus status, CancellationToken cancellationToken)
    {
        var exists = true;
        await RetryAsync(
            async () =>
            {
                var data = await table.ReadAll().ConfigureAwait(false);
                var row = data.TryGet(target);
                exists = row is not null;
                if (row is null || row.Item1.Status is SiloStatus.Dead || row.Item1.Status == status)
                {
                    // Nobody comes back from the dead; the caller sees so in the snapshot.
                    return ToSnapshot(data, data.Version);
                }

                row.Item1.Status = status;
                var version = data.Version.Next();
                return await table.UpdateRow(row.Item1, row.Item2, version).ConfigureAwait(false) ? Publish(data, row.Item1, version) : null;
            },
            cancellationToken).ConfigureAwait(false);
        return exists;
    }

    private ClusterMembershipSnapshot Publish(MembershipTableData before, MembershipEntry changed, TableVersion version)
    {
        var snapshot = ToSnapshot(before, version, changed);

        // First the others: once this silo's own view calls a silo dead, nothing is sent to it any more, and it had better know.
        gossip.Send(snapshot, changed.SiloAddress);
        view.TryPublish(snapshot);
        return snapshot;
    }

    // Silos that race wait for different times, so that one of them wins.
    private async Task RetryAsync(Func<Task<ClusterMembershipSnapshot?>> attempt, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            if (await attempt().ConfigureAwait(false) is { } snapshot)
            {
                view.TryPublish(snapshot);
                return;
            }

            var spread = 1 + ((uint)silo.SiloAddress.GetConsistentHashCode() % 8);
            await Task.Delay(RetryStep * (Math.Min(tries, 20) + spread) / 4, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(LogLevel.Information, "Silo {Silo} is {Status}.")]
    private partial void LogStatus(SiloAddress silo, SiloStatus status);

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} suspects {Victim}, which has {Votes} of {Needed} votes for its death and is {Status}.")]
    private partial void LogSuspected(SiloAddress silo, SiloAddress victim, int votes, int needed, SiloStatus status);

    [LoggerMessage(LogLevel.Information, "Silo {Predecessor} is declared dead, because {Silo} replaces it at its endpoint.")]
    private partial void LogPredecessor(SiloAddress predecessor, SiloAddress silo);
}
