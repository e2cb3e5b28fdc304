using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Storage;

namespace Dpark.Conformance.Storage;

[Collection(SharedClusterCollection.Name)]
public sealed class StorageTests(SharedCluster cluster)
{
    private IAccountGrain Grain => cluster.Client.GetGrain<IAccountGrain>(TestKeys.New());

    [Fact]
    public async Task State_ManyGrainsOfOneClass_EachHasItsOwn()
    {
        var grains = Enumerable.Range(0, 400).Select(_ => Grain).ToArray();

        var views = await Task.WhenAll(grains.Select((grain, index) => grain.DepositAsync(index))).Within("400 deposits");

        Assert.Equal(Enumerable.Range(0, 400), views.Select(view => view.Balance));
    }

    [Fact]
    public async Task State_NeverWritten_IsNewWithoutRecord()
    {
        var view = await Grain.ViewAsync().Within("the view");

        Assert.Equal((0, false, null), (view.Balance, view.RecordExists, view.Etag));
        Assert.Empty(view.Entries);
    }

    [Fact]
    public async Task State_Written_SurvivesDeactivationAndIsThereAtActivation()
    {
        var grain = Grain;
        var written = await grain.DepositAsync(5).Within("the deposit");
        await grain.DepositUnwrittenAsync(100).Within("the forgotten deposit");

        await grain.DeactivateAsync().Within("the deactivation");
        var view = await grain.ViewAsync().Within("the view of the new activation");

        Assert.NotEqual(written.Activation, view.Activation);
        Assert.Equal((5, 5, true, written.Etag), (view.Balance, view.BalanceAtActivation, view.RecordExists, view.Etag));
        Assert.Equal(["5"], view.Entries);
    }

    [Fact]
    public async Task WriteStateAsync_EachTime_ChangesTheEtag()
    {
        var grain = Grain;

        var first = await grain.DepositAsync(1).Within("the first deposit");
        var second = await grain.DepositAsync(1).Within("the second deposit");

        Assert.False(string.IsNullOrEmpty(first.Etag));
        Assert.NotEqual(first.Etag, second.Etag);
        Assert.True(second.RecordExists);
    }

    [Fact]
    public async Task ReadStateAsync_AfterUnwrittenChange_RestoresWhatIsStored()
    {
        var grain = Grain;
        await grain.DepositAsync(5).Within("the deposit");
        await grain.DepositUnwrittenAsync(100).Within("the forgotten deposit");

        var view = await grain.ReloadAsync().Within("the reload");

        Assert.Equal(5, view.Balance);
    }

    [Fact]
    public async Task ClearStateAsync_StoredState_IsGone()
    {
        var grain = Grain;
        await grain.DepositAsync(5).Within("the deposit");

        var cleared = await grain.ClearAsync().Within("the clearing");
        await grain.DeactivateAsync().Within("the deactivation");
        var view = await grain.ViewAsync().Within("the view of the new activation");
        var written = await grain.DepositAsync(7).Within("a deposit after the clearing");

        Assert.Equal((0, false, null), (cleared.Balance, cleared.RecordExists, cleared.Etag));
        Assert.Empty(cleared.Entries);
        Assert.Equal((0, false), (view.Balance, view.RecordExists));
        Assert.Equal((7, true), (written.Balance, written.RecordExists));
    }

    [InProcessFact]
    public async Task WriteStateAsync_OldEtag_ThrowsAndDeactivates()
    {
        var grain = Grain;
        var before = await grain.DepositAsync(5).Within("the deposit");
        await OverwriteAsync(grain.GetGrainId(), balance: 50);

        var exception = await grain.DepositAsync(1).FailureWithin("the deposit with an old ETag");
        var entries = await cluster.Client.GetGrain<IJournalGrain>(grain.GetPrimaryKeyString()).WaitForAsync(1).Within("the deactivation");
        var after = await grain.ViewAsync().Within("the view of the new activation");

        var conflict = Assert.IsType<InconsistentStateException>(exception);
        Assert.Equal(before.Etag, conflict.CurrentEtag);
        Assert.Single(entries);
        Assert.NotEqual(before.Activation, after.Activation);
        Assert.Equal((50, 50), (after.Balance, after.BalanceAtActivation));
    }

    [Theory]
    [InlineData(typeof(TallyGrain))]
    [InlineData(typeof(NamedTallyGrain))]
    public async Task GrainOfState_Written_SurvivesDeactivation(Type grainClass)
    {
        var grain = cluster.Client.GetGrain<ITallyGrain>(TestKeys.New(), grainClass.FullName);
        await grain.AddAsync(3).Within("the first call");
        await grain.DeactivateAsync().Within("the deactivation");

        Assert.Equal(7, await grain.AddAsync(4).Within("the call to the new activation"));
        Assert.Equal(0, await grain.ClearAsync().Within("the clearing"));
        Assert.Equal(2, await grain.AddAsync(2).Within("the call after the clearing"));
    }

    [Fact]
    public async Task MissingStorage_FirstCall_Fails()
    {
        var exception = await cluster.Client.GetGrain<IUnstoredGrain>(TestKeys.New()).PingAsync().FailureWithin("the call");

        var cause = Assert.IsType<BadProviderConfigException>(Assert.IsType<InvalidOperationException>(exception).GetBaseException());
        Assert.Contains("no-such-storage", cause.Message, StringComparison.Ordinal);
    }

    /// <summary>Writes the account as another owner of the same state would.</summary>
    private async Task OverwriteAsync(GrainId grain, int balance)
    {
        var storage = cluster.Cluster.GetSiloServiceProvider().GetRequiredKeyedService<IGrainStorage>(DefaultSilo.OtherStorage);
        var state = new GrainState<Account>();
        await storage.ReadStateAsync("account", grain, state).Within("reading the state");
        state.State!.Balance = balance;
        await storage.WriteStateAsync("account", grain, state).Within("writing the state");
    }
}
