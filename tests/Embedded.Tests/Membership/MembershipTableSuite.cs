using Orleans;
using Orleans.Runtime;

namespace Dpark.Tests.Membership;

/// <summary>What every membership table promises.</summary>
public abstract class MembershipTableSuite : IAsyncLifetime
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private IMembershipTable _table = null!;

    public async Task InitializeAsync()
    {
        _table = await OpenAsync();
        await _table.InitializeMembershipTable(true);
    }

    public virtual Task DisposeAsync() => Task.CompletedTask;

    /// <summary>The empty table of this test. Each call opens it anew.</summary>
    protected abstract Task<IMembershipTable> OpenAsync();

    [TableFact]
    public async Task ReadAll_NothingWritten_IsVersion0WithoutRows()
    {
        var data = await _table.ReadAll();

        Assert.Empty(data.Members);
        Assert.Equal(0, data.Version.Version);
    }

    [TableFact]
    public async Task ReadRow_Unknown_HasVersionAndNoRow()
    {
        await InsertAsync(Rows.Entry(1));

        var data = await _table.ReadRow(Rows.Silo(2));

        Assert.Empty(data.Members);
        Assert.Equal((await _table.ReadAll()).Version, data.Version);
    }

    [TableFact]
    public async Task InsertRow_AllMembersSet_ReadBackAsTheyWere()
    {
        var entry = Full();

        await InsertAsync(entry);

        var fromRow = (await _table.ReadRow(entry.SiloAddress)).Members.Single().Item1;
        var fromAll = (await _table.ReadAll()).Members.Single().Item1;
        AssertSame(entry, fromRow);
        AssertSame(entry, fromAll);
    }

    [TableFact]
    public async Task InsertRow_Twice_SecondReturnsFalse()
    {
        var first = await InsertAsync(Rows.Entry(1));
        var second = await InsertAsync(Rows.Entry(1, SiloStatus.Dead));

        Assert.True(first);
        Assert.False(second);
        Assert.Equal(1, (await _table.ReadAll()).Version.Version);
        Assert.Equal(SiloStatus.Active, (await RowAsync(1)).Status);
    }

    [TableFact]
    public async Task InsertRow_OldTableVersion_ReturnsFalse()
    {
        var old = (await _table.ReadAll()).Version;
        await InsertAsync(Rows.Entry(1));

        var isDone = await _table.InsertRow(Rows.Entry(2), old.Next());

        Assert.False(isDone);
        Assert.Single((await _table.ReadAll()).Members);
    }

    [TableFact]
    public async Task UpdateRow_Current_ReplacesRowAndGrowsVersionByOne()
    {
        await InsertAsync(Rows.Entry(1));
        await InsertAsync(Rows.Entry(2));
        var before = await _table.ReadAll();
        var (entry, etag) = before.TryGet(Rows.Silo(1))!;
        entry.Status = SiloStatus.ShuttingDown;
        entry.AddSuspector(Rows.Silo(2), Start);

        var isDone = await _table.UpdateRow(entry, etag, before.Version.Next());

        var after = await _table.ReadAll();
        Assert.True(isDone);
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        Assert.NotEqual(etag, after.TryGet(Rows.Silo(1))!.Item2);
        AssertSame(entry, after.TryGet(Rows.Silo(1))!.Item1);
        Assert.Equal(SiloStatus.Active, after.TryGet(Rows.Silo(2))!.Item1.Status);
    }

    [TableFact]
    public async Task UpdateRow_OldTableVersion_ReturnsFalseAndChangesNothing()
    {
        var old = (await _table.ReadAll()).Version;
        await InsertAsync(Rows.Entry(1));
        var (entry, etag) = (await _table.ReadRow(Rows.Silo(1))).Members.Single();
        entry.Status = SiloStatus.Dead;

        var isDone = await _table.UpdateRow(entry, etag, old.Next());

        Assert.False(isDone);
        Assert.Equal(SiloStatus.Active, (await RowAsync(1)).Status);
    }

    [TableFact]
    public async Task UpdateRow_OldRowEtag_ReturnsFalseAndChangesNothing()
    {
        await InsertAsync(Rows.Entry(1));
        var (entry, oldEtag) = (await _table.ReadRow(Rows.Silo(1))).Members.Single();
        await _table.UpdateRow(entry, oldEtag, (await _table.ReadAll()).Version.Next());
        entry.Status = SiloStatus.Dead;

        var isDone = await _table.UpdateRow(entry, oldEtag, (await _table.ReadAll()).Version.Next());

        Assert.False(isDone);
        Assert.Equal(SiloStatus.Active, (await RowAsync(1)).Status);
    }

    [TableFact]
    public async Task UpdateRow_NoRow_ReturnsFalseAndAddsNone()
    {
        var version = (await _table.ReadAll()).Version;

        var isDone = await _table.UpdateRow(Rows.Entry(1), version.VersionEtag, version.Next());

        Assert.False(isDone);
        Assert.Empty((await _table.ReadAll()).Members);
        Assert.Equal(0, (await _table.ReadAll()).Version.Version);
    }

    [TableFact]
    public async Task UpdateIAmAlive_Row_ChangesThatTimeAndKeepsVersionAndEtags()
    {
        await InsertAsync(Full());
        var before = await _table.ReadAll();
        var alive = Start.AddHours(1).AddTicks(7);

        await _table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Full().SiloAddress, IAmAliveTime = alive });

        var after = await _table.ReadAll();
        var expected = Full();
        expected.IAmAliveTime = alive;
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Members.Single().Item2, after.Members.Single().Item2);
        AssertSame(expected, after.Members.Single().Item1);
    }

    [TableFact]
    public async Task UpdateRow_SeveralSilosRace_OneWinsPerVersion()
    {
        const int SiloCount = 6;
        var wins = 0;
        IMembershipTable[] tables = await Task.WhenAll(Enumerable.Range(0, SiloCount).Select(_ => OpenAsync()));
        await Task.WhenAll(tables.Select(table => table.InitializeMembershipTable(true)));

        await Task.WhenAll(Enumerable.Range(1, SiloCount).Select(JoinAsync)).WaitAsync(TimeSpan.FromSeconds(60));

        var data = await _table.ReadAll();
        Assert.Equal(SiloCount, data.Members.Count);
        Assert.Equal(wins, data.Version.Version);

        async Task JoinAsync(int number)
        {
            var table = tables[number - 1];
            while (!await table.InsertRow(Rows.Entry(number), (await table.ReadAll()).Version.Next()))
            {
            }

            Interlocked.Increment(ref wins);
        }
    }

    [TableFact]
    public async Task InitializeMembershipTable_Again_KeepsRowsAndVersion()
    {
        await InsertAsync(Rows.Entry(1));
        var before = await _table.ReadAll();

        var second = await OpenAsync();
        await second.InitializeMembershipTable(true);
        await _table.InitializeMembershipTable(true);

        var after = await second.ReadAll();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(Rows.Silo(1), after.Members.Single().Item1.SiloAddress);
    }

    [TableFact]
    public async Task CleanupDefunctSiloEntries_DeadAndOld_OnlyThoseGo()
    {
        MembershipEntry[] entries =
            [Rows.Entry(1, SiloStatus.Dead, Start), Rows.Entry(2, SiloStatus.Active, Start), Rows.Entry(3, SiloStatus.Dead, Start.AddDays(9))];
        foreach (var entry in entries)
        {
            await InsertAsync(entry);
        }

        await _table.CleanupDefunctSiloEntries(Start.AddDays(5));

        Assert.Equal([Rows.Silo(2), Rows.Silo(3)], (await _table.ReadAll()).Members.Select(row => row.Item1.SiloAddress));
    }

    [TableFact]
    public async Task DeleteMembershipTableEntries_Rows_AreGone()
    {
        await InsertAsync(Rows.Entry(1));

        await _table.DeleteMembershipTableEntries("test");

        Assert.Empty((await _table.ReadAll()).Members);
    }

    [TableFact]
    public async Task ReadAll_ChangedByReader_DoesNotChangeTheTable()
    {
        await InsertAsync(Rows.Entry(1));

        (await _table.ReadAll()).Members.Single().Item1.Status = SiloStatus.Dead;

        Assert.Equal(SiloStatus.Active, (await RowAsync(1)).Status);
    }

    private static MembershipEntry Full() => new()
    {
        SiloAddress = Rows.Silo(1, 77),
        Status = SiloStatus.Joining,
        SuspectTimes = [Tuple.Create(Rows.Silo(2), Start.AddTicks(1)), Tuple.Create(Rows.Silo(3), Start.AddSeconds(2))],
        ProxyPort = 30_000,
        HostName = "höst \"1\"",
        SiloName = "silo/1",
        RoleName = "rôle",
        UpdateZone = 3,
        FaultZone = 4,
        StartTime = Start.AddMilliseconds(5),
        IAmAliveTime = Start.AddMinutes(6),
    };

    private static void AssertSame(MembershipEntry expected, MembershipEntry actual)
    {
        Assert.Equal(expected.SuspectTimes, actual.SuspectTimes);
        Assert.Equal(Values(expected), Values(actual));

        static object[] Values(MembershipEntry entry) =>
        [
            entry.SiloAddress, entry.Status, entry.ProxyPort, entry.HostName, entry.SiloName, entry.RoleName, entry.UpdateZone, entry.FaultZone,
            entry.StartTime, entry.IAmAliveTime,
        ];
    }

    private async Task<bool> InsertAsync(MembershipEntry entry) => await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());

    private async Task<MembershipEntry> RowAsync(int number) => (await _table.ReadRow(Rows.Silo(number))).Members.Single().Item1;
}
