using System.Net;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

// Version 10.4 renames these calls; 10.3 has only the old names, and both must compile.
#pragma warning disable CS0618

namespace Dpark.Conformance.Membership;

/// <summary>One silo with its membership table. The tests add rows of silos that are dead already, which nobody probes.</summary>
public sealed class TableCluster : ClusterFixture
{
    protected override int SiloCount => 1;
}

/// <summary>The contract of every <see cref="IMembershipTable"/>, stated on the table of a test cluster.</summary>
public sealed class MembershipTableTests(TableCluster cluster) : IClassFixture<TableCluster>
{
    private static int generation = 1_000;

    private IMembershipTable Table => cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IMembershipTable>();

    [InProcessFact]
    public async Task InsertRow_NewRow_RaisesTheVersionByOne()
    {
        var before = (await Table.ReadAll()).Version;
        var entry = NewEntry();

        var inserted = await Table.InsertRow(entry, before.Next());
        var after = await Table.ReadAll();

        Assert.True(inserted);
        Assert.Equal(before.Version + 1, after.Version.Version);
        Assert.NotEqual(before.VersionEtag, after.Version.VersionEtag);
        var row = after.TryGet(entry.SiloAddress);
        Assert.NotNull(row);
        Assert.Equal(
            (entry.SiloName, entry.HostName, entry.ProxyPort, entry.Status, entry.StartTime),
            (row.Item1.SiloName, row.Item1.HostName, row.Item1.ProxyPort, row.Item1.Status, row.Item1.StartTime));
        Assert.False(string.IsNullOrEmpty(row.Item2));
    }

    [InProcessFact]
    public async Task InsertRow_ExistingRowOrOldVersion_ReturnsFalseAndChangesNothing()
    {
        var entry = NewEntry();
        var old = (await Table.ReadAll()).Version;
        Assert.True(await Table.InsertRow(entry, old.Next()));
        var current = (await Table.ReadAll()).Version;

        Assert.False(await Table.InsertRow(entry, current.Next()));
        Assert.False(await Table.InsertRow(NewEntry(), old.Next()));
        Assert.Equal(current.Version, (await Table.ReadAll()).Version.Version);
    }

    [InProcessFact]
    public async Task UpdateRow_CurrentEtags_ReplacesTheRow()
    {
        var (entry, etag, version) = await InsertAsync();
        entry.RoleName = "changed";
        entry.AddSuspector(cluster.Silos[0], entry.StartTime);

        var updated = await Table.UpdateRow(entry, etag, version.Next());
        var after = await Table.ReadRow(entry.SiloAddress);

        Assert.True(updated);
        Assert.Equal(version.Version + 1, after.Version.Version);
        var row = Assert.Single(after.Members);
        Assert.Equal("changed", row.Item1.RoleName);
        Assert.Equal([cluster.Silos[0]], row.Item1.SuspectTimes!.Select(vote => vote.Item1));
        Assert.NotEqual(etag, row.Item2);
    }

    [InProcessFact]
    public async Task UpdateRow_OldRowEtagOldVersionOrNoRow_ReturnsFalse()
    {
        var (entry, oldEtag, oldVersion) = await InsertAsync();
        Assert.True(await Table.UpdateRow(entry, oldEtag, oldVersion.Next()));
        var current = await Table.ReadAll();
        var etag = current.TryGet(entry.SiloAddress)!.Item2;

        Assert.False(await Table.UpdateRow(entry, oldEtag, current.Version.Next()));
        Assert.False(await Table.UpdateRow(entry, etag, oldVersion.Next()));
        Assert.False(await Table.UpdateRow(NewEntry(), etag, current.Version.Next()));
        Assert.Equal(current.Version.Version, (await Table.ReadAll()).Version.Version);
    }

    [InProcessFact]
    public async Task UpdateIAmAlive_KeepsTheVersion()
    {
        var (entry, _, _) = await InsertAsync();
        var before = (await Table.ReadAll()).Version;
        entry.IAmAliveTime = entry.StartTime + TimeSpan.FromHours(1);

        await Table.UpdateIAmAlive(entry);
        var after = await Table.ReadRow(entry.SiloAddress);

        Assert.Equal(before.Version, after.Version.Version);
        Assert.Equal(entry.IAmAliveTime, Assert.Single(after.Members).Item1.IAmAliveTime);
    }

    [InProcessFact]
    public async Task InsertRow_ManyAtOnce_OneWinsPerVersion()
    {
        var version = (await Table.ReadAll()).Version;

        var won = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Table.InsertRow(NewEntry(), version.Next()))).Within("ten insertions");

        Assert.Single(won, result => result);
        Assert.Equal(version.Version + 1, (await Table.ReadAll()).Version.Version);
    }

    [InProcessFact]
    public async Task CleanupDefunctSiloEntries_OldDeadRow_IsRemovedAndOthersAreKept()
    {
        var (recent, _, _) = await InsertAsync();
        var old = NewEntry();
        old.StartTime = old.IAmAliveTime = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.True(await Table.InsertRow(old, (await Table.ReadAll()).Version.Next()));

        await Table.CleanupDefunctSiloEntries(new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var after = await Table.ReadAll();

        Assert.Null(after.TryGet(old.SiloAddress));
        Assert.NotNull(after.TryGet(recent.SiloAddress));
        Assert.Equal(SiloStatus.Active, after.TryGet(cluster.Silos[0])!.Item1.Status);
    }

    [Fact]
    public void Next_OfTableVersion_KeepsTheEtag()
    {
        var next = new TableVersion(7, "etag").Next();

        Assert.Equal((8, "etag"), (next.Version, next.VersionEtag));
    }

    private static MembershipEntry NewEntry()
    {
        var started = new DateTime(2026, 8, 22, 12, 0, 0, DateTimeKind.Utc);
        var address = SiloAddress.New(IPAddress.Loopback, 1, Interlocked.Increment(ref generation));
        return new MembershipEntry
        {
            SiloAddress = address,
            Status = SiloStatus.Dead,
            SiloName = $"silo-{address.Generation}",
            HostName = "host",
            RoleName = "role",
            ProxyPort = 30_000,
            StartTime = started,
            IAmAliveTime = started,
        };
    }

    private async Task<(MembershipEntry Entry, string Etag, TableVersion Version)> InsertAsync()
    {
        var entry = NewEntry();
        var table = await Table.ReadAll();
        Assert.True(await Table.InsertRow(entry, table.Version.Next()));
        var after = await Table.ReadAll();
        return (entry, after.TryGet(entry.SiloAddress)!.Item2, after.Version);
    }
}
