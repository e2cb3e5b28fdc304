using Dpark.Configuration;
using Dpark.Memory;
using Dpark.TestKit;

namespace Dpark.Tasks;

public sealed class OutboxTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(20);

    private readonly ManualTimeProvider _clock = new();
    private readonly Outbox _outbox;

    public OutboxTests() => _outbox = new(_clock);

    [Fact]
    public async Task PollAsync_ReportsAreThere_ReturnsThemInOrderAtOnce()
    {
        Append(0, 3);

        var batch = await Poll(default);

        Assert.Equal([0, 1, 2], Partitions(batch));
        Assert.Equal(1, batch.FirstSequence);
        Assert.Equal(new(_outbox.Generation, 3), batch.Next);
    }

    [Fact]
    public async Task Append_ResultsInReports_CountUntilTheyAreCollectedOrDropped()
    {
        var memory = new WorkerMemory(new MemoryOptions { BudgetBytes = 1 << 20 });
        var outbox = new Outbox(_clock, memory);
        for (var partition = 0; partition < 3; partition++)
        {
            outbox.Append(Reports.Succeeded(partition, resultBytes: 1_000));
        }

        outbox.Append(Reports.Succeeded(0, resultBytes: 500, application: "app-2"));
        Assert.Equal(3_500, memory.StoreBytes);
        var first = await outbox.PollAsync(Reports.Application, default, new(2, 1 << 20), TimeSpan.Zero, CancellationToken.None);
        Assert.Equal(3_500, memory.StoreBytes);
        await outbox.PollAsync(Reports.Application, first.Next, new(2, 1 << 20), TimeSpan.Zero, CancellationToken.None);
        Assert.Equal(1_500, memory.StoreBytes);

        outbox.Drop(Reports.Application);
        Assert.Equal(500, memory.StoreBytes);
        outbox.Append(Reports.Succeeded(4, resultBytes: 1_000));

        Assert.Equal(500, memory.StoreBytes);
    }

    [Fact]
    public async Task PollAsync_SameCursorAgain_ReturnsTheSameAgain()
    {
        Append(0, 2);
        await Poll(default);

        var again = await Poll(default);

        Assert.Equal([0, 1], Partitions(again));
    }

    [Fact]
    public async Task PollAsync_CursorOfLastBatch_ForgetsWhatItHad()
    {
        Append(0, 2);
        var first = await Poll(default);
        Append(2, 1);

        var second = await Poll(first.Next);
        var third = await Poll(default);

        Assert.Equal([2], Partitions(second));
        Assert.Equal([2], Partitions(third));
        Assert.Equal(3, third.FirstSequence);
    }

    [Fact]
    public async Task PollAsync_CursorOfAnotherGeneration_AcknowledgesNothing()
    {
        Append(0, 2);

        var batch = await Poll(new(Guid.NewGuid(), 100));

        Assert.Equal([0, 1], Partitions(batch));
        Assert.Equal(_outbox.Generation, batch.Generation);
    }

    [Fact]
    public async Task PollAsync_NothingThere_EndsWithTheNextReport()
    {
        var poll = Poll(default).AsTask();
        Assert.False(poll.IsCompleted);

        Append(7, 1);

        Assert.Equal([7], Partitions(await poll));
        Assert.Equal(0, _clock.ArmedTimerCount);
    }

    [Fact]
    public async Task PollAsync_NothingComes_EndsEmptyAfterTheWait()
    {
        var poll = Poll(default).AsTask();

        _clock.Advance(Wait - TimeSpan.FromTicks(1));
        Assert.False(poll.IsCompleted);
        _clock.Advance(TimeSpan.FromTicks(1));

        var batch = await poll;
        Assert.Empty(batch.Reports);
        Assert.Equal(new(_outbox.Generation, 0), batch.Next);
    }

    [Fact]
    public async Task PollAsync_NoWait_EndsEmptyAtOnce()
    {
        var poll = _outbox.PollAsync(Reports.Application, default, OutboxLimits.Default, TimeSpan.Zero, CancellationToken.None);

        Assert.True(poll.IsCompleted);
        Assert.Empty((await poll).Reports);
    }

    [Fact]
    public async Task PollAsync_SecondPoll_EndsTheFirstEmpty()
    {
        var older = Poll(default).AsTask();
        var newer = Poll(default).AsTask();

        Assert.Empty((await older).Reports);
        Append(0, 1);

        Assert.Equal([0], Partitions(await newer));
        Assert.Equal(0, _clock.ArmedTimerCount);
    }

    [Fact]
    public async Task PollAsync_OldPollArrivesLate_TakesNothingFromTheNewerCursor()
    {
        Append(0, 2);
        var first = await Poll(default);
        var waiting = Poll(first.Next).AsTask();

        var late = Poll(default).AsTask();
        Append(2, 1);

        Assert.Equal(first.Next, (await waiting).Next);
        Assert.Equal([2], Partitions(await late));
        Assert.Equal([2], Partitions(await Poll(first.Next)));
    }

    [Fact]
    public async Task PollAsync_TokenFires_EndsEmptyAndLosesNothing()
    {
        using var cancellation = new CancellationTokenSource();
        var poll = _outbox.PollAsync(Reports.Application, default, OutboxLimits.Default, Wait, cancellation.Token).AsTask();

        await cancellation.CancelAsync();
        Append(0, 1);

        Assert.Empty((await poll).Reports);
        Assert.Equal([0], Partitions(await Poll(default)));
        Assert.Equal(0, _clock.ArmedTimerCount);
    }

    [Fact]
    public async Task PollAsync_MoreThanTheLimits_ReturnsTheRestNextTime()
    {
        for (var i = 0; i < 5; i++)
        {
            _outbox.Append(Reports.Succeeded(i, resultBytes: 1000));
        }

        var byBytes = await _outbox.PollAsync(Reports.Application, default, new(100, 3000), Wait, CancellationToken.None);
        var byCount = await _outbox.PollAsync(Reports.Application, byBytes.Next, new(1, 1 << 20), Wait, CancellationToken.None);
        var oversized = await _outbox.PollAsync(Reports.Application, byCount.Next, new(100, 10), Wait, CancellationToken.None);

        Assert.Equal([0, 1], Partitions(byBytes));
        Assert.Equal([2], Partitions(byCount));
        Assert.Equal([3], Partitions(oversized));
    }

    [Fact]
    public async Task Append_TwoApplications_EachSeesItsOwn()
    {
        Append(0, 1);
        _outbox.Append(Reports.Succeeded(5, application: "app-2"));

        var other = await _outbox.PollAsync(new("app-2"), default, OutboxLimits.Default, Wait, CancellationToken.None);

        Assert.Equal([5], Partitions(other));
        Assert.Equal(1, other.FirstSequence);
        Assert.Equal([0], Partitions(await Poll(default)));
    }

    [Fact]
    public async Task Drop_PollWaits_EndsItAndKeepsNothingThatComesLater()
    {
        var poll = Poll(default).AsTask();

        _outbox.Drop(Reports.Application);
        Append(0, 1);

        Assert.Empty((await poll).Reports);
        Assert.Empty((await Poll(default)).Reports);
    }

    [Fact]
    public async Task Append_ManyThreadsAndOnePoller_EveryReportComesOnceInOrder()
    {
        const int Threads = 4;
        const int PerThread = 5000;
        var threads = Enumerable.Range(0, Threads).Select(t => new Thread(() => Append(t * PerThread, PerThread))).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        List<int> received = [];
        OutboxCursor cursor = default;
        while (received.Count < Threads * PerThread)
        {
            var batch = await _outbox.PollAsync(Reports.Application, cursor, new(100, 1 << 20), Timeout.InfiniteTimeSpan, CancellationToken.None);
            Assert.Equal(cursor.Sequence + 1, batch.FirstSequence);
            received.AddRange(Partitions(batch));
            cursor = batch.Next;
        }

        Assert.Equal(Enumerable.Range(0, Threads * PerThread), received.Order());
        for (var thread = 0; thread < Threads; thread++)
        {
            var own = received.Where(p => p / PerThread == thread).ToArray();
            Assert.Equal(own.Order(), own);
        }
    }

    private static IEnumerable<int> Partitions(OutboxBatch batch) => batch.Reports.Select(r => r.Attempt.PartitionIndex);

    private void Append(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            _outbox.Append(Reports.Succeeded(i));
        }
    }

    private ValueTask<OutboxBatch> Poll(OutboxCursor after) =>
        _outbox.PollAsync(Reports.Application, after, OutboxLimits.Default, Wait, CancellationToken.None);
}
