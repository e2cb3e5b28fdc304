using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class InMemoryMembershipTableTests
{
    private readonly InMemoryMembershipTable _table = new();

    [Fact]
    public async Task InsertRow_Twice_SecondReturnsFalse()
    {
        var first = await _table.InsertRow(Rows.Entry(1), (await _table.ReadAll()).Version.Next());
        var second = await _table.InsertRow(Rows.Entry(1), (await _table.ReadAll()).Version.Next());

        Assert.True(first);
        Assert.False(second);
        Assert.Equal(1, (await _table.ReadAll()).Version.Version);
    }

    [Fact]
    public async Task UpdateRow_OldTableVersion_ReturnsFalseAndChangesNothing()
    {
        var old = (await _table.ReadAll()).Version;
        await _table.InsertRow(Rows.Entry(1), old.Next());
        var row = (await _table.ReadRow(Rows.Silo(1))).Members.Single();
        row.Item1.Status = SiloStatus.Dead;

        var isDone = await _table.UpdateRow(row.Item1, row.Item2, old.Next());

        Assert.False(isDone);
        Assert.Equal(SiloStatus.Active, (await _table.ReadRow(Rows.Silo(1))).Members.Single().Item1.Status);
    }

    [Fact]
    public async Task ReadAll_ChangedByReader_DoesNotChangeTheTable()
    {
        await _table.InsertRow(Rows.Entry(1), (await _table.ReadAll()).Version.Next());

        (await _table.ReadAll()).Members.Single().Item1.Status = SiloStatus.Dead;

        Assert.Equal(SiloStatus.Active, (await _table.ReadAll()).Members.Single().Item1.Status);
    }

    [Fact]
    public async Task CleanupDefunctSiloEntries_DeadAndOld_OnlyThoseGo()
    {
        var old = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        MembershipEntry[] entries = [Rows.Entry(1, SiloStatus.Dead, old), Rows.Entry(2, SiloStatus.Active, old), Rows.Entry(3, SiloStatus.Dead, old.AddDays(9))];
        foreach (var entry in entries)
        {
            await _table.InsertRow(entry, (await _table.ReadAll()).Version.Next());
        }

        await _table.CleanupDefunctSiloEntries(old.AddDays(5));

        Assert.Equal([Rows.Silo(2), Rows.Silo(3)], (await _table.ReadAll()).Members.Select(row => row.Item1.SiloAddress));
    }

    [Fact]
    public async Task UpdateIAmAlive_Row_KeepsVersionAndEtags()
    {
        await _table.InsertRow(Rows.Entry(1), (await _table.ReadAll()).Version.Next());
        var before = await _table.ReadAll();

        await _table.UpdateIAmAlive(Rows.Entry(1, SiloStatus.Active, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc)));

        var after = await _table.ReadAll();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Members.Single().Item2, after.Members.Single().Item2);
        Assert.Equal(2030, after.Members.Single().Item1.IAmAliveTime.Year);
    }
}
