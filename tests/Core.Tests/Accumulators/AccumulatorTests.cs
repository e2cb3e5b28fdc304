using Dpark.Applications;
using Dpark.Codecs;
using Dpark.Tasks;

namespace Dpark.Accumulators;

public sealed class AccumulatorTests
{
    private readonly Accumulator<long, long> _count = new(new(3), "lines", static () => 0, static (total, value) => total + value, static (one, other) => one + other);

    [Fact]
    public void Add_InTheDriver_ChangesTheTotal()
    {
        _count.Add(2);
        _count.Add(3);

        Assert.Equal(5, _count.Value);
        Assert.Equal(5, _count.Reset());
        Assert.Equal(0, _count.Value);
    }

    [Fact]
    public void Add_InATask_ChangesTheTaskOnly()
    {
        var updates = InTask(() =>
        {
            _count.Add(2);
            _count.Add(3);
        });

        Assert.Equal(0, _count.Value);
        var update = Assert.Single(updates);
        Assert.Equal(new AccumulatorId(3), update.Accumulator);
        ((IDriverAccumulator)_count).Merge(update.Total);
        ((IDriverAccumulator)_count).Merge(update.Total);
        Assert.Equal(10, _count.Value);
    }

    [Fact]
    public void Value_InATask_Throws()
    {
        InvalidOperationException? thrown = null;

        InTask(() => thrown = Assert.Throws<InvalidOperationException>(() => _count.Value));

        Assert.Equal("accumulator-3 (lines) was read inside a task, which knows only its own part. Read it in the driver, after the action.", thrown!.Message);
    }

    [Fact]
    public void Add_NothingWasAdded_TaskReportsNothing() => Assert.Empty(InTask(() => { }));

    [Fact]
    public void Add_MoreThanAReportCarries_FailsTheTaskWithTheNumbers()
    {
        var texts = new Accumulator<string, List<string>>(new(0), null, static () => [], static (list, text) => [.. list, text], static (one, other) => [.. one, .. other]);

        var thrown = Assert.Throws<InvalidOperationException>(() => InTask(() => texts.Add(new string('x', AttemptTotals.MaxBytes))));

        Assert.Contains("(accumulator-0), more than the 524288 that a report may carry", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_TotalCannotTravel_Throws() => Assert.Throws<UnsupportedRecordTypeException>(
        () => new Accumulator<int, Stream>(new(0), null, static () => Stream.Null, static (stream, _) => stream, static (one, _) => one));

    private static AccumulatorUpdate[] InTask(Action body)
    {
        var context = new TaskContext
        {
            Attempt = new(new AppId("app-1"), 0, 0, 0, 0),
            Worker = new("worker-1"),
            CancellationToken = CancellationToken.None,
            Shuffle = null!,
            Cache = null!,
            Broadcasts = null!,
        };
        TaskContext.Current = context;
        try
        {
            body();
            return context.ListUpdates();
        }
        finally
        {
            TaskContext.Current = null;
        }
    }
}
