using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Shuffle;

namespace Dpark.Tasks;

/// <summary>Attempts that wait in the executor for map outputs which it makes itself.</summary>
public sealed class ExecutorAheadTests
{
    private static readonly ShuffleId Shuffle = new(Reports.Application, 7);
    private static readonly MapOutput Output = new(0, new("worker-1"), 0, [10L], 1);

    [Fact]
    public async Task TryStart_OutputsAreNotMadeYet_RunsWhenTheyAreAndHoldsNoSlot()
    {
        await using var rig = NewRig(new() { SlotCount = 1 });
        rig.Start("reader", partition: 5, awaits: new(Shuffle, 2));
        Assert.Equal((0, 1), (rig.Executor.Status.RunningCount, rig.Executor.Status.QueuedCount));

        rig.Start("map", partition: 0, makes: Shuffle);
        rig.Start("map", partition: 1, makes: Shuffle);

        // The order is that in which the driver can take the reports.
        Assert.Equal((0, 1, 5), (await NextAsync(rig), await NextAsync(rig), await NextAsync(rig)));
        Assert.Equal(2, rig.KeptOutputs.Count);
        Assert.Equal(0, rig.Executor.Status.QueuedCount);
    }

    [Fact]
    public async Task TryStart_SeveralShuffles_OnlyTheReadersOfTheOneThatIsThereRun()
    {
        var other = new ShuffleId(Reports.Application, 8);
        await using var rig = NewRig();
        rig.Start("reader", partition: 4, awaits: new(other, 1));
        rig.Start("reader", partition: 5, awaits: new(Shuffle, 1));
        rig.Start("reader", partition: 6, awaits: new(Shuffle, 1));

        rig.Executor.StartAwaiting(Shuffle);

        int[] started = [await NextAsync(rig), await NextAsync(rig)];
        Assert.Equal([5, 6], started.Order());
        Assert.Equal(1, rig.Executor.Status.QueuedCount);
        rig.Executor.StartAwaiting(other);
        Assert.Equal(4, await NextAsync(rig));
    }

    [Fact]
    public async Task TryStart_MapThatIsNotToBeRemembered_StartsNobody()
    {
        await using var rig = NewRig();
        rig.Start("reader", partition: 5, awaits: new(Shuffle, 1));

        rig.Start("map", partition: 0);

        Assert.Equal(0, await NextAsync(rig));
        Assert.Empty(rig.KeptOutputs);
        Assert.Equal(1, rig.Executor.Status.QueuedCount);
    }

    [Fact]
    public async Task Cancel_OneThatWaits_ReportsAndNeverRuns()
    {
        await using var rig = NewRig();
        rig.Start("reader", partition: 5, awaits: new(Shuffle, 1));

        rig.Executor.Cancel(Reports.Application, [Reports.Attempt(5)]);

        Assert.Equal(TaskOutcome.Cancelled, (await rig.NextAsync()).Outcome);
        rig.Executor.StartAwaiting(Shuffle);
        rig.Start("reader", partition: 6);
        Assert.Equal(6, await NextAsync(rig));

        // A slot is free a moment after its report.
        Assert.True(await rig.Executor.StopAsync(CancellationToken.None));
        Assert.Equal((0, 0), (rig.Executor.Status.RunningCount, rig.Executor.Status.QueuedCount));
    }

    [Fact]
    public async Task StopAndEnd_WhileOneWaits_DoNotWaitForIt()
    {
        await using var rig = NewRig();
        rig.Start("reader", partition: 5, awaits: new(Shuffle, 1));
        rig.Start("reader", partition: 5, awaits: new(new(new("app-2"), 1), 1), application: "app-2");

        await rig.Executor.EndApplicationAsync(new AppId("app-2")).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(await rig.Executor.StopAsync(CancellationToken.None));

        Assert.Equal(TaskOutcome.Cancelled, (await rig.NextAsync()).Outcome);
    }

    private static ExecutorRig NewRig(ExecutorOptions? options = null) =>
        new ExecutorRig(options).With("map", (_, context) => new ShuffleMapOutput(Output with { MapIndex = context.Attempt.PartitionIndex })).With("reader", (_, _) => ExecutorRig.Empty);

    private static async Task<int> NextAsync(ExecutorRig rig)
    {
        var report = await rig.NextAsync();
        Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
        return report.Attempt.PartitionIndex;
    }
}
