using static Dpark.Memory.MemoryRig;

namespace Dpark.Memory;

/// <summary>Who gets how much of a worker's memory, who is refused, and who waits.</summary>
public sealed class WorkerMemoryTests
{
    private const long Mebi = 1 << 20;

    [Fact]
    public void TryHold_OneTask_GetsThreeQuartersAndLeavesTheRestToItsNextTable()
    {
        var memory = NewMemory(64 * Mebi);
        using var task = memory.Open(Attempt(0));
        using var first = task.Claim("a table");
        using var second = task.Claim("a buffer");

        Assert.True(first.TryHold(48 * Mebi));
        Assert.False(first.TryHold((48 * Mebi) + 1));
        Assert.True(second.TryHold(12 * Mebi));
        Assert.False(second.TryHold((12 * Mebi) + 1));

        Assert.Equal(60 * Mebi, task.HeldBytes);
        Assert.Equal((0, 60 * Mebi), memory.Used);
    }

    [Fact]
    public void TryHold_TwoTasks_EachGetsItsHalf()
    {
        var memory = NewMemory(64 * Mebi);
        using var first = memory.Open(Attempt(0));
        using var second = memory.Open(Attempt(1));
        using var firstTable = first.Claim("a table");
        using var secondTable = second.Claim("a table");
        Assert.True(firstTable.TryHold(8 * Mebi));
        Assert.True(secondTable.TryHold(8 * Mebi));

        Assert.True(firstTable.TryHold(24 * Mebi));
        Assert.False(firstTable.TryHold(25 * Mebi));
        Assert.True(secondTable.TryHold(24 * Mebi));
    }

    [Fact]
    public void TryHold_TaskEnds_OthersGetItsShare()
    {
        var memory = NewMemory(64 * Mebi);
        using var first = memory.Open(Attempt(0));
        using var table = first.Claim("a table");
        using (var second = memory.Open(Attempt(1)))
        {
            second.Claim("a table").Hold(8 * Mebi);
            Assert.True(table.TryHold(24 * Mebi));
            Assert.False(table.TryHold(48 * Mebi));
        }

        Assert.True(table.TryHold(48 * Mebi));
    }

    [Fact]
    public void TryHold_OverTheLimitOfTheClaim_IsRefusedThoughThereIsMemory()
    {
        using var task = NewMemory(64 * Mebi).Open(Attempt(0));
        using var table = task.Claim("a table", limit: Mebi);

        Assert.True(table.TryHold(Mebi));
        Assert.False(table.TryHold(Mebi + 1));
        Assert.Equal(Mebi, table.HeldBytes);
    }

    [Fact]
    public void TryHold_CacheAboveItsProtectedPart_IsDropped()
    {
        var memory = NewMemory(64 * Mebi);
        var asked = new List<long>();
        memory.SetEvictor(bytes =>
        {
            asked.Add(bytes);
            memory.ReturnFromCache(bytes);
            return bytes;
        });
        Assert.True(memory.TryTakeForCache(60 * Mebi));
        using var task = memory.Open(Attempt(0));
        using var table = task.Claim("a table");

        Assert.True(table.TryHold(24 * Mebi));
        Assert.False(table.TryHold(25 * Mebi));

        Assert.Equal([20 * Mebi], asked);
        Assert.Equal((40 * Mebi, 24 * Mebi), memory.Used);
        Assert.Equal(64 * Mebi, memory.PeakBytes);
    }

    [Fact]
    public void TryTakeForCache_TasksHoldMemory_TakesOnlyWhatIsFree()
    {
        var memory = NewMemory(64 * Mebi);
        using var task = memory.Open(Attempt(0));
        task.Claim("a table").Hold(40 * Mebi);

        Assert.Equal(1, memory.MissingForCache(memory.BudgetBytes - memory.Used.TaskBytes + 1));
        Assert.False(memory.TryTakeForCache(memory.BudgetBytes - memory.Used.TaskBytes + 1));
        Assert.True(memory.TryTakeForCache(memory.BudgetBytes - memory.Used.TaskBytes));
    }

    [Fact]
    public async Task TryHold_LessThanTheLeastShare_WaitsUntilTheOtherGivesBack()
    {
        var memory = NewMemory(64 * Mebi, TimeSpan.FromMinutes(1));
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        using var other = greedy.Claim("another one");
        table.Hold(48 * Mebi);
        other.Hold(12 * Mebi);
        using var late = memory.Open(Attempt(1));
        using var wanted = late.Claim("a buffer");

        var asked = Task.Factory.StartNew(() => wanted.TryHold(12 * Mebi), TaskCreationOptions.LongRunning);
        table.Release();

        Assert.True(await asked.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void TryHold_NothingComesBackInTime_IsRefused()
    {
        var memory = NewMemory(64 * Mebi, TimeSpan.FromMilliseconds(1));
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        using var other = greedy.Claim("another one");
        table.Hold(48 * Mebi);
        other.Hold(12 * Mebi);
        using var late = memory.Open(Attempt(1));
        using var wanted = late.Claim("a buffer");

        Assert.False(wanted.TryHold(12 * Mebi));
        Assert.Equal(0, late.HeldBytes);
    }

    [Fact]
    public void TryHold_OthersHaveEverything_GetsTheFloorAtOnceAndNoMore()
    {
        var memory = NewMemory(64 * Mebi);
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        table.HoldAnyway(64 * Mebi);
        using var late = memory.Open(Attempt(1));
        using var first = late.Claim("a buffer");
        using var second = late.Claim("another one");

        Assert.True(first.TryHold(1000));
        Assert.True(first.TryHold(WorkerMemory.FloorBytes));
        Assert.False(first.TryHold(WorkerMemory.FloorBytes + 1));
        Assert.True(second.TryHold(WorkerMemory.FloorBytes));

        Assert.Equal(2 * WorkerMemory.FloorBytes, late.HeldBytes);
    }

    [Fact]
    public void TryHold_TooLargeForTheClaimThoughTheFloorIsLarger_IsRefused()
    {
        var memory = NewMemory(Mebi);
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        table.HoldAnyway(Mebi);
        using var late = memory.Open(Attempt(1));
        using var buffer = late.Claim("a buffer", limit: 1000);

        Assert.False(buffer.TryHold(1001));
        Assert.True(buffer.TryHold(1000));
    }

    [Fact]
    public async Task MustGiveBack_OthersWait_OnlyForWhatIsMoreThanTheFloor()
    {
        var memory = NewMemory(16 * Mebi, TimeSpan.FromMinutes(10));
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        using var buffer = greedy.Claim("a buffer");
        Assert.True(buffer.TryHold(WorkerMemory.FloorBytes, WorkerMemory.FloorBytes));
        table.HoldAnyway(16 * Mebi);
        using var cancellation = new CancellationTokenSource();
        using var late = memory.Open(Attempt(1), cancellation.Token);
        using var wanted = late.Claim("a buffer");
        var asked = Task.Factory.StartNew(() => wanted.TryHold(2 * Mebi), TaskCreationOptions.LongRunning);
        Assert.True(SpinWait.SpinUntil(() => memory.IsWaitedFor, TimeSpan.FromMinutes(1)));
        Assert.True(table.MustGiveBack);

        Assert.False(buffer.MustGiveBack);

        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task TryHold_CancelledWhileItWaits_Throws()
    {
        var memory = NewMemory(64 * Mebi, TimeSpan.FromMinutes(10));
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        using var other = greedy.Claim("another one");
        table.Hold(48 * Mebi);
        other.Hold(12 * Mebi);
        using var cancellation = new CancellationTokenSource();
        using var late = memory.Open(Attempt(1), cancellation.Token);
        using var wanted = late.Claim("a buffer");

        var asked = Task.Factory.StartNew(() => wanted.TryHold(12 * Mebi), TaskCreationOptions.LongRunning);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task TryHold_CancelledBeforeItWaits_Throws()
    {
        var memory = NewMemory(64 * Mebi, TimeSpan.FromMinutes(10));
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        using var other = greedy.Claim("another one");
        table.Hold(48 * Mebi);
        other.Hold(12 * Mebi);
        using var late = memory.Open(Attempt(1), new CancellationToken(canceled: true));
        using var wanted = late.Claim("a buffer");

        var asked = Task.Factory.StartNew(() => wanted.TryHold(12 * Mebi), TaskCreationOptions.LongRunning);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void Hold_TooMuch_NamesWhatWasAskedAndAllHolders()
    {
        var memory = NewMemory(64 * Mebi);
        Assert.True(memory.TryTakeForCache(16 * Mebi));
        using var other = memory.Open(Attempt(1));
        other.Claim("combining for shuffle-3").Hold(8 * Mebi);
        using var task = memory.Open(Attempt(0));

        var failure = Assert.Throws<MemoryExhaustedException>(() => task.Claim("the left side of a join").Hold(32 * Mebi));

        Assert.Equal((32 * Mebi, 64 * Mebi), (failure.RequestedBytes, failure.BudgetBytes));
        Assert.Equal(
            "app-1/stage-2.0/0.0 asked for 32 MiB (the left side of a join), which its worker's budget of 64 MiB (Dpark:Memory:BudgetBytes) could not give. " +
            "It is held by: cache 16 MiB, app-1/stage-2.0/1.0 9 MiB (combining for shuffle-3 9 MiB). Give the worker more memory or fewer slots, or use more partitions.",
            failure.Message);
    }

    [Fact]
    public async Task TryHold_ManyTasksAtOnce_ExceedTheBudgetByNoMoreThanTheirFloorsAndLeaveNothing()
    {
        var memory = NewMemory(16 * Mebi, TimeSpan.FromSeconds(1));
        var tasks = Enumerable.Range(0, 4).Select(number => Task.Factory.StartNew(() => GrowAndGiveBack(memory, number), TaskCreationOptions.LongRunning));

        await Task.WhenAll(tasks).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal((0, 0), memory.Used);
        Assert.InRange(memory.PeakBytes, 4 * Mebi, (16 * Mebi) + (4 * WorkerMemory.FloorBytes));
    }

    private static void GrowAndGiveBack(WorkerMemory memory, int number)
    {
        var random = new Random(number);
        for (var i = 0; i < 200; i++)
        {
            using var task = memory.Open(Attempt(number));
            using var table = task.Claim("a table");
            for (var bytes = Mebi / 4; table.TryHold(bytes); bytes += random.NextInt64(Mebi))
            {
            }
        }
    }
}
