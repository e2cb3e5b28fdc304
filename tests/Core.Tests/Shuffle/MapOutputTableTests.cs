using Dpark.Applications;
using Dpark.Workers;

namespace Dpark.Shuffle;

public sealed class MapOutputTableTests
{
    private const int PageBytes = 4096;

    private static readonly ShuffleId Shuffle = new(new AppId("app-1"), 7);

    private readonly MapOutputTable _table = new();

    [Fact]
    public void Find_NothingRegistered_IsNull() => Assert.Null(_table.Find(Shuffle));

    [Fact]
    public void Register_AllMaps_IsCompleteAtThatEpoch()
    {
        _table.Register(Shuffle, 2, [Output(0)], epoch: 3, isLast: true);
        var isCompleteHalfWay = _table.Find(Shuffle)!.IsComplete;
        _table.Register(Shuffle, 2, [Output(1)], epoch: 4, isLast: true);

        var list = _table.Find(Shuffle)!;
        Assert.False(isCompleteHalfWay);
        Assert.True(list.IsComplete);
        Assert.Equal((4L, 2, 2), (list.Epoch, list.MapCount, list.RegisteredCount));
        Assert.Equal((3, 22L), (list.ReducePartitionCount, list.Bytes));
        Assert.Equal([0, 1], list.Page(0, PageBytes).Select(o => o.Output.MapIndex));
    }

    [Fact]
    public void Register_NoMaps_IsComplete()
    {
        _table.Register(Shuffle, 0, [], epoch: 1, isLast: true);

        var list = _table.Find(Shuffle)!;
        Assert.True(list.IsComplete);
        Assert.Empty(list.Page(0, PageBytes));
        Assert.Equal((0, 0L), (list.ReducePartitionCount, list.Bytes));
    }

    [Fact]
    public void Register_SeveralParts_RaisesTheEpochWithTheLast()
    {
        _table.Register(Shuffle, 2, [Output(0), Output(1)], epoch: 1, isLast: true);

        _table.Register(Shuffle, 2, [Output(0, "b")], epoch: 5, isLast: false);
        var epochHalfWay = _table.Find(Shuffle)!.Epoch;
        _table.Register(Shuffle, 2, [Output(1, "b")], epoch: 5, isLast: true);

        Assert.Equal(1, epochHalfWay);
        Assert.Equal(5, _table.Find(Shuffle)!.Epoch);
        Assert.All(_table.Find(Shuffle)!.Page(0, PageBytes), o => Assert.Equal(new WorkerId("b"), o.Output.Worker));
    }

    [Fact]
    public void Register_OlderEpoch_DoesNotMakeTheListOlder()
    {
        _table.Register(Shuffle, 1, [Output(0)], epoch: 5, isLast: true);

        _table.Register(Shuffle, 1, [Output(0)], epoch: 2, isLast: true);

        Assert.Equal(5, _table.Find(Shuffle)!.Epoch);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void Register_IndexOutsideTheShuffle_AddsNothing(int mapIndex)
    {
        Assert.Throws<ArgumentException>(() => _table.Register(Shuffle, 2, [Output(0), Output(mapIndex)], epoch: 1, isLast: true));

        Assert.Null(_table.Find(Shuffle));
    }

    [Fact]
    public void Register_OutputOfALostWorkerFromBeforeTheLoss_IsNotAdded()
    {
        _table.Register(Shuffle, 2, [Output(0), Output(1, "b")], epoch: 1, isLast: true);
        var lost = _table.ForgetWorker(new("a"), epoch: 2);

        _table.Register(Shuffle, 2, [Output(0, "a")], epoch: 1, isLast: true);
        var isComplete = _table.Find(Shuffle)!.IsComplete;
        _table.Register(Shuffle, 2, [Output(0, "b")], epoch: 2, isLast: true);

        Assert.Equal(1, lost);
        Assert.False(isComplete);
        Assert.True(_table.Find(Shuffle)!.IsComplete);
    }

    [Fact]
    public void Register_ComesAgainAfterALaterOne_DoesNotReplaceIt()
    {
        _table.Register(Shuffle, 1, [Output(0)], epoch: 1, isLast: true);
        _table.Register(Shuffle, 1, [Output(0, "b")], epoch: 3, isLast: true);

        _table.Register(Shuffle, 1, [Output(0)], epoch: 1, isLast: true);

        Assert.Equal(new WorkerId("b"), Assert.Single(_table.Find(Shuffle)!.Page(0, PageBytes)).Output.Worker);
    }

    [Fact]
    public void Register_ComesAgainAfterItWasForgotten_DoesNotBringItBack()
    {
        _table.Register(Shuffle, 1, [Output(0)], epoch: 1, isLast: true);
        _table.Forget(Shuffle, [0], epoch: 2);

        _table.Register(Shuffle, 1, [Output(0)], epoch: 1, isLast: true);
        var isComplete = _table.Find(Shuffle)!.IsComplete;
        _table.Register(Shuffle, 1, [Output(0, "b")], epoch: 2, isLast: true);

        Assert.False(isComplete);
        Assert.True(_table.Find(Shuffle)!.IsComplete);
    }

    [Fact]
    public void Forget_ComesAgainAfterALaterRegistration_LeavesIt()
    {
        _table.Register(Shuffle, 1, [Output(0)], epoch: 1, isLast: true);
        _table.Forget(Shuffle, [0], epoch: 2);
        _table.Register(Shuffle, 1, [Output(0, "b")], epoch: 3, isLast: true);

        _table.Forget(Shuffle, [0], epoch: 2);

        Assert.True(_table.Find(Shuffle)!.IsComplete);
    }

    [Fact]
    public void Forget_OneOutput_LeavesTheOthersAndRaisesTheEpoch()
    {
        _table.Register(Shuffle, 3, [Output(0), Output(1), Output(2)], epoch: 1, isLast: true);

        _table.Forget(Shuffle, [1, 99], epoch: 2);

        var list = _table.Find(Shuffle)!;
        Assert.Equal((2L, 2, false), (list.Epoch, list.RegisteredCount, list.IsComplete));
        Assert.Equal([0], list.Page(0, PageBytes).Select(o => o.Output.MapIndex));
    }

    [Fact]
    public void ForgetWorker_SeveralShuffles_RaisesTheEpochOfEach()
    {
        var other = new ShuffleId(new AppId("app-1"), 8);
        _table.Register(Shuffle, 1, [Output(0)], epoch: 1, isLast: true);
        _table.Register(other, 1, [Output(0, "b")], epoch: 1, isLast: true);

        _table.ForgetWorker(new("a"), epoch: 4);

        Assert.Equal((4L, false), (_table.Find(Shuffle)!.Epoch, _table.Find(Shuffle)!.IsComplete));
        Assert.Equal((4L, true), (_table.Find(other)!.Epoch, _table.Find(other)!.IsComplete));
    }

    [Fact]
    public void Remove_KnownShuffle_NamesItsWorkersOnce()
    {
        _table.Register(Shuffle, 3, [Output(0), Output(1, "b"), Output(2)], epoch: 1, isLast: true);

        var workers = _table.Remove(Shuffle);
        var again = _table.Remove(Shuffle);

        Assert.Equal(["a", "b"], workers.Select(w => w.Value).Order());
        Assert.Empty(again);
        Assert.Equal(0, _table.ShuffleCount);
    }

    [Fact]
    public void Page_ManyOutputs_GoesOnWhereThePageBeforeEnded()
    {
        _table.Register(Shuffle, 1000, [.. Enumerable.Range(0, 1000).Select(map => Output(map))], epoch: 1, isLast: true);
        var list = _table.Find(Shuffle)!;

        List<int> maps = [];
        var pageCount = 0;
        for (var page = list.Page(0, PageBytes); page.Length > 0; page = list.Page(maps.Count, PageBytes))
        {
            maps.AddRange(page.Select(o => o.Output.MapIndex));
            pageCount++;
        }

        Assert.Equal(Enumerable.Range(0, 1000), maps);
        Assert.InRange(pageCount, 20, 100);
    }

    [Fact]
    public void Page_OneOutputLargerThanAPage_IsReturnedAlone()
    {
        _table.Register(Shuffle, 2, [Output(0), Output(1)], epoch: 1, isLast: true);

        Assert.Single(_table.Find(Shuffle)!.Page(0, maxBytes: 1));
        Assert.Equal(1, Assert.Single(_table.Find(Shuffle)!.Page(1, maxBytes: 1)).Output.MapIndex);
    }

    private static MapOutputLocation Output(int mapIndex, string worker = "a") => new(new(mapIndex, new(worker), 0, [10, 0, 1], 4), "127.0.0.1:1");
}
