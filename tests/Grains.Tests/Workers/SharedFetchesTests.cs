namespace Dpark.Workers;

public sealed class SharedFetchesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly SharedFetches<string, string> _fetches = new(capacity: 2);

    [Fact]
    public void GetOrMake_SecondTime_DoesNotMakeAgain()
    {
        var count = 0;

        var first = _fetches.GetOrMake("a", (key, _) => key + ++count, CancellationToken.None);
        var second = _fetches.GetOrMake("a", (key, _) => key + ++count, CancellationToken.None);

        Assert.Equal(("a1", "a1"), (first, second));
    }

    [Fact]
    public void TryAdd_NewKey_IsNotMade()
    {
        _fetches.TryAdd("a", "added");

        Assert.Equal("added", _fetches.GetOrMake("a", (_, _) => "made", CancellationToken.None));
    }

    [Fact]
    public void TryAdd_KeyThatIsKept_ChangesNothing()
    {
        _fetches.GetOrMake("a", (_, _) => "made", CancellationToken.None);

        _fetches.TryAdd("a", "added");

        Assert.Equal("made", _fetches.GetOrMake("a", (_, _) => "again", CancellationToken.None));
    }

    [Fact]
    public void TryAdd_MoreThanAreKept_ForgetsTheOldest()
    {
        foreach (var key in (string[])["a", "b", "c"])
        {
            _fetches.TryAdd(key, "added");
        }

        Assert.Equal(["b", "c"], _fetches.List().Select(pair => pair.Key));
    }

    [Fact]
    public async Task GetOrMake_TwoThreadsAtOnce_MakeOnce()
    {
        using var started = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var first = OnThread(() => _fetches.GetOrMake(
            "a",
            (_, token) =>
            {
                started.Set();
                Assert.True(go.Wait(Limit, token));
                return "first";
            },
            CancellationToken.None));
        Assert.True(started.Wait(Limit));

        var second = OnThread(() => _fetches.GetOrMake("a", (_, _) => "second", CancellationToken.None));
        go.Set();

        Assert.Equal(["first", "first"], await Task.WhenAll(first, second).WaitAsync(Limit));
    }

    [Fact]
    public void GetOrMake_Failed_IsNotKept()
    {
        Assert.Throws<FormatException>(() => _fetches.GetOrMake("a", (_, _) => throw new FormatException(), CancellationToken.None));

        Assert.Equal("again", _fetches.GetOrMake("a", (_, _) => "again", CancellationToken.None));
    }

    [Fact]
    public async Task GetOrMake_MakerIsCancelled_AnotherThatWaitsMakesIt()
    {
        using var started = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var first = OnThread(() => _fetches.GetOrMake(
            "a",
            (_, token) =>
            {
                started.Set();
                token.WaitHandle.WaitOne(Limit);
                token.ThrowIfCancellationRequested();
                return "first";
            },
            cancellation.Token));
        Assert.True(started.Wait(Limit));
        var second = OnThread(() => _fetches.GetOrMake("a", (_, _) => "second", CancellationToken.None));

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.WaitAsync(Limit));
        Assert.Equal("second", await second.WaitAsync(Limit));
    }

    [Fact]
    public async Task GetOrMake_WaiterIsCancelled_LeavesAtOnce()
    {
        using var started = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        var first = OnThread(() => _fetches.GetOrMake(
            "a",
            (_, token) =>
            {
                started.Set();
                Assert.True(go.Wait(Limit, token));
                return "first";
            },
            CancellationToken.None));
        Assert.True(started.Wait(Limit));
        var second = OnThread(() => _fetches.GetOrMake("a", (_, _) => "second", cancellation.Token));

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(Limit));
        go.Set();
        Assert.Equal("first", await first.WaitAsync(Limit));
    }

    [Fact]
    public void GetOrMake_MoreThanCapacity_ForgetsTheLeastRecentlyUsed()
    {
        Make("a");
        Make("b");
        Make("a");
        Make("c");

        Assert.Equal(2, _fetches.Count);
        Assert.Equal("a", _fetches.GetOrMake("a", (_, _) => "made again", CancellationToken.None));
        Assert.Equal("made again", _fetches.GetOrMake("b", (_, _) => "made again", CancellationToken.None));
    }

    [Fact]
    public void Remove_WhileItIsMade_HandsItOutAndForgetsIt()
    {
        var value = _fetches.GetOrMake(
            "a",
            (key, _) =>
            {
                _fetches.Remove(key);
                return "a";
            },
            CancellationToken.None);

        Assert.Equal("a", value);
        Assert.Equal(0, _fetches.Count);
        Assert.Equal("again", _fetches.GetOrMake("a", (_, _) => "again", CancellationToken.None));
    }

    private void Make(string key) => _fetches.GetOrMake(key, (k, _) => k, CancellationToken.None);

    [Fact]
    public void OnForgotten_ValuesLeave_IsToldOfEachOnce()
    {
        List<string> forgotten = [];
        var fetches = new SharedFetches<string, string>(capacity: 2, forgotten.Add);
        foreach (var key in new[] { "a", "b", "c" })
        {
            fetches.GetOrMake(key, (name, _) => $"value {name}", CancellationToken.None);
        }

        Assert.Equal(["value a"], forgotten);
        Assert.Equal([("b", "value b"), ("c", "value c")], fetches.List());
        fetches.Remove("b", "another value");
        Assert.Equal(2, fetches.Count);
        fetches.Remove("b");
        fetches.Clear();
        fetches.GetOrMake(
            "d",
            (_, _) =>
            {
                fetches.Remove("d");
                return "value d";
            },
            CancellationToken.None);

        Assert.Equal(["value a", "value b", "value c", "value d"], forgotten);
        Assert.Equal(0, fetches.Count);
    }

    private static Task<T> OnThread<T>(Func<T> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
