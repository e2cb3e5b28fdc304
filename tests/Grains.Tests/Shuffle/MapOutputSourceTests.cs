using Dpark.Applications;
using Dpark.Workers;

namespace Dpark.Shuffle;

public sealed class MapOutputSourceTests
{
    private const int MapCount = 20;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly ShuffleId Shuffle = new(new AppId("app-1"), 7);

    private readonly FakeRegistry _registry = new();
    private readonly MapOutputSource _source;

    public MapOutputSourceTests()
    {
        _source = new(new("here"), "here:1", _ => _registry);
        Register(epoch: 1);
    }

    [Fact]
    public void Get_SeveralPages_ReturnsAllInOrder()
    {
        var outputs = _source.Get(Shuffle, 1, CancellationToken.None);

        Assert.Equal(Enumerable.Range(0, MapCount), outputs.Select(o => o.Output.MapIndex));
        Assert.True(_registry.AskedCount > 1);
    }

    [Fact]
    public void Get_SecondTime_AsksNobody()
    {
        _source.Get(Shuffle, 1, CancellationToken.None);
        var asked = _registry.AskedCount;

        _source.Get(Shuffle, 1, CancellationToken.None);
        _source.Get(Shuffle, 0, CancellationToken.None);

        Assert.Equal(asked, _registry.AskedCount);
    }

    [Fact]
    public void Get_NewerEpoch_FetchesAgain()
    {
        _source.Get(Shuffle, 1, CancellationToken.None);
        Register(epoch: 2, worker: "b");

        var outputs = _source.Get(Shuffle, 2, CancellationToken.None);

        Assert.All(outputs, o => Assert.Equal(new WorkerId("b"), o.Output.Worker));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void AddOwn_AllThatAreAwaited_AreTheListAndNobodyIsAsked(int awaitedAfter)
    {
        var other = new ShuffleId(new AppId("app-1"), 8);
        List<bool> isWhole = [];
        foreach (var map in new[] { 1, 0 })
        {
            AwaitAt(1 - map);
            isWhole.Add(_source.AddOwn(other, new(map, new("here"), 0, [1L], 1)));
        }

        AwaitAt(2);
        var asked = _registry.AskedCount;

        Assert.Equal([false, false, true], isWhole);
        var outputs = _source.Get(other, 3, CancellationToken.None);
        Assert.Equal([0, 1], outputs.Select(output => output.Output.MapIndex));
        Assert.All(outputs, output => Assert.Equal("here:1", output.Endpoint));
        Assert.Equal(asked, _registry.AskedCount);

        void AwaitAt(int made)
        {
            if (made == awaitedAfter)
            {
                isWhole.Add(_source.Await(new(other, 2), epoch: 3));
            }
        }
    }

    [Fact]
    public void AddOwn_NewerListIsAskedFor_IsFetched()
    {
        _source.Await(new(Shuffle, 1), epoch: 1);
        Assert.True(_source.AddOwn(Shuffle, new(0, new("here"), 0, [1L], 1)));
        Register(epoch: 2, worker: "b");

        Assert.Equal(MapCount, _source.Get(Shuffle, 2, CancellationToken.None).Length);
    }

    [Fact]
    public void Forget_OwnOutputs_AreForgotten()
    {
        _source.AddOwn(Shuffle, new(0, new("here"), 0, [1L], 1));

        _source.Forget(Shuffle);

        Assert.False(_source.Await(new(Shuffle, 1), epoch: 1));
    }

    [Fact]
    public void Get_NoMaps_IsEmpty()
    {
        var empty = new ShuffleId(new AppId("app-1"), 8);
        _registry.Table.Register(empty, 0, [], epoch: 1, isLast: true);

        Assert.Empty(_source.Get(empty, 1, CancellationToken.None));
    }

    [Fact]
    public void Get_ListIsIncomplete_IsAFetchFailureOfTheList()
    {
        _registry.Table.Forget(Shuffle, [3], epoch: 2);

        var failure = Assert.Throws<FetchFailedException>(() => _source.Get(Shuffle, 1, CancellationToken.None));

        Assert.Equal((Shuffle, -1, new WorkerId("here")), (failure.Shuffle, failure.MapIndex, failure.Worker));
    }

    [Fact]
    public void Get_RegistryIsEmpty_IsAFetchFailureOfTheList()
    {
        _registry.Table.Clear();

        Assert.Equal(-1, Assert.Throws<FetchFailedException>(() => _source.Get(Shuffle, 1, CancellationToken.None)).MapIndex);
    }

    [Fact]
    public void Get_ListChangesBetweenPages_StartsAnew()
    {
        _registry.OnAsked = call =>
        {
            if (call == 2)
            {
                Register(epoch: 5, worker: "b");
            }
        };

        var outputs = _source.Get(Shuffle, 1, CancellationToken.None);

        Assert.Equal(MapCount, outputs.Length);
        Assert.All(outputs, o => Assert.Equal(new WorkerId("b"), o.Output.Worker));
    }

    [Fact]
    public void Get_ListNeverStandsStill_GivesUp()
    {
        _registry.OnAsked = call => Register(epoch: call);

        Assert.Equal(-1, Assert.Throws<FetchFailedException>(() => _source.Get(Shuffle, 1, CancellationToken.None)).MapIndex);
    }

    [Fact]
    public void Get_RegistryCannotBeReached_TriesAgain()
    {
        _registry.OnAsked = call =>
        {
            if (call < 3)
            {
                throw new TimeoutException();
            }
        };

        Assert.Equal(MapCount, _source.Get(Shuffle, 1, CancellationToken.None).Length);
    }

    [Fact]
    public void Get_RegistryCanNeverBeReached_IsAFetchFailureOfTheList()
    {
        _registry.OnAsked = _ => throw new TimeoutException("late");

        var failure = Assert.Throws<FetchFailedException>(() => _source.Get(Shuffle, 1, CancellationToken.None));

        Assert.Equal(-1, failure.MapIndex);
        Assert.Contains("TimeoutException: late", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_TwoThreadsAtOnce_FetchOnce()
    {
        using var started = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        _registry.OnAsked = _ =>
        {
            started.Set();
            Assert.True(go.Wait(Limit));
        };

        var first = OnThread(() => _source.Get(Shuffle, 1, CancellationToken.None));
        Assert.True(started.Wait(Limit));
        var second = OnThread(() => _source.Get(Shuffle, 1, CancellationToken.None));
        go.Set();
        await Task.WhenAll(first, second).WaitAsync(Limit);
        var asked = _registry.AskedCount;

        _source.Forget(Shuffle);
        _source.Get(Shuffle, 1, CancellationToken.None);

        Assert.Equal(2 * asked, _registry.AskedCount);
    }

    [Fact]
    public void Forget_Application_FetchesAgain()
    {
        _source.Get(Shuffle, 1, CancellationToken.None);
        _registry.Table.Clear();

        _source.Forget(new AppId("app-2"));
        _source.Get(Shuffle, 1, CancellationToken.None);
        _source.Forget(new AppId("app-1"));

        Assert.Throws<FetchFailedException>(() => _source.Get(Shuffle, 1, CancellationToken.None));
    }

    [Fact]
    public void Add_WholeList_IsUsedWithoutAsking()
    {
        _source.Add(new(Shuffle, MapCount, Locations("b"), Epoch: 4, IsLast: true));

        var outputs = _source.Get(Shuffle, 4, CancellationToken.None);

        Assert.Equal(0, _registry.AskedCount);
        Assert.Equal(Enumerable.Range(0, MapCount), outputs.Select(o => o.Output.MapIndex));
        Assert.All(outputs, o => Assert.Equal(new WorkerId("b"), o.Output.Worker));
    }

    [Fact]
    public void Add_OlderThanWhatIsKept_ChangesNothing()
    {
        _source.Add(new(Shuffle, MapCount, Locations("b"), Epoch: 4, IsLast: true));

        _source.Add(new(Shuffle, MapCount, Locations("a"), Epoch: 3, IsLast: true));

        Assert.All(_source.Get(Shuffle, 0, CancellationToken.None), o => Assert.Equal(new WorkerId("b"), o.Output.Worker));
    }

    [Fact]
    public void Add_OlderThanATaskNeeds_IsFetched()
    {
        Register(epoch: 5);

        _source.Add(new(Shuffle, MapCount, Locations("b"), Epoch: 4, IsLast: true));

        Assert.All(_source.Get(Shuffle, 5, CancellationToken.None), o => Assert.Equal(new WorkerId("a"), o.Output.Worker));
    }

    [Fact]
    public void Add_ListIsNotWhole_Throws()
    {
        Assert.Throws<ArgumentException>(() => _source.Add(new(Shuffle, MapCount, Locations("a")[1..], Epoch: 4, IsLast: true)));
        Assert.Throws<ArgumentException>(() => _source.Add(new(Shuffle, MapCount, Locations("a")[..^1], Epoch: 4, IsLast: true)));
    }

    private static MapOutputLocation[] Locations(string worker) =>
        [.. Enumerable.Range(0, MapCount).Select(map => new MapOutputLocation(new(map, new(worker), 0, [1, 2], 3), "127.0.0.1:1"))];

    private void Register(long epoch, string worker = "a") => _registry.Table.Register(Shuffle, MapCount, Locations(worker), epoch, isLast: true);

    private static Task<T> OnThread<T>(Func<T> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
