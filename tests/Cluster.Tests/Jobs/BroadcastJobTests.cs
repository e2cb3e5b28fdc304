using Dpark.Broadcasting;
using Dpark.Closures;
using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>Broadcast values that are made by hand.</summary>
public sealed class BroadcastJobTests : IAsyncLifetime
{
    private JobCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await JobCluster.StartAsync(siloCount: 2);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(10)]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task Value_InTasks_IsTheWorkersCopy(int length)
    {
        await using var context = _cluster.NewContext();
        var value = Enumerable.Range(0, length).ToArray();
        var table = context.Broadcast(value);

        var sum = await SumAsync(context, table);

        Assert.Equal(Enumerable.Range(0, 8).Sum(n => (long)(n % length)), sum);
        Assert.Same(value, table.Value);
        Assert.Equal(sum, await SumAsync(context, table));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(3_000_000)]
    public async Task UnpersistAsync_AfterAJob_RemovesTheCopiesAndTheNextJobSendsItAgain(int length)
    {
        await using var context = _cluster.NewContext();
        var table = context.Broadcast(Enumerable.Range(0, length).ToArray());
        Assert.Equal(28, await SumAsync(context, table));
        Assert.NotNull(await _cluster.LocateAsync(context, table.Id));

        await Wait.For(table.UnpersistAsync(), "the workers to delete it");

        Assert.Null(await _cluster.LocateAsync(context, table.Id));
        Assert.Equal(4, await context.Range(0, 4, 4).CountAsync());
        Assert.Null(await _cluster.LocateAsync(context, table.Id));
        Assert.Equal(28, await SumAsync(context, table));
        Assert.NotNull(await _cluster.LocateAsync(context, table.Id));
    }

    [Fact]
    public async Task DisposeAsync_ThenUsed_IsNamedWhereItIsUsed()
    {
        await using var context = _cluster.NewContext();
        var table = context.Broadcast(Enumerable.Range(0, 100_000).ToArray());
        var mapped = context.Range(0, 8, 4).Map(n => (long)table.Value[n]);
        Assert.Equal(28, await mapped.ReduceAsync((a, b) => a + b));

        await table.DisposeAsync();
        await table.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => table.Value);
        Assert.Throws<ObjectDisposedException>(() => { _ = table.UnpersistAsync(); });
        var early = Assert.Throws<ClosureException>(() => context.Range(0, 8, 4).Map(n => (long)table.Value[n]));
        Assert.Contains("'table._cell'", early.Message, StringComparison.Ordinal);
        Assert.Contains("cannot send a broadcast value that was disposed to the workers: dispose it after the last job that uses it", early.Message, StringComparison.Ordinal);
        var late = await Assert.ThrowsAsync<JobFailedException>(() => Wait.For(mapped.CountAsync(), "the job"));
        Assert.Contains("a broadcast value that was disposed", late.Message, StringComparison.Ordinal);
        Assert.Null(await _cluster.LocateAsync(context, table.Id));
    }

    [Fact]
    public async Task UnpersistAsync_InATask_IsRefused()
    {
        await using var context = _cluster.NewContext();
        var table = context.Broadcast("value");

        var messages = await context.Range(0, 1, 1).Map(_ => Refusal(table)).CollectAsync();

        Assert.Equal(["broadcast-0 was to be removed inside a task, which can only read it. Remove it in the driver, after the action."], messages);
    }

    [Fact]
    public async Task Broadcast_CannotTravel_IsNamed()
    {
        await using var context = _cluster.NewContext();

        var failure = Assert.Throws<ClosureException>(() => context.Broadcast(new List<Stream> { new MemoryStream() }));

        Assert.Contains("Broadcast at", failure.Message, StringComparison.Ordinal);
        var nested = Assert.Throws<ClosureException>(() => context.Broadcast(new[] { context.Broadcast(1) }));
        Assert.Contains("broadcast the two apart, and capture both", nested.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Value_SiloWithTheOnlyCopiesIsKilled_IsSentAgain()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 3);
        await using var context = cluster.NewContext();
        await using var table = context.Broadcast(Enumerable.Range(0, 3_000_000).ToArray());
        Assert.Equal(28, await SumAsync(context, table));

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]);
        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]);
        await cluster.Cluster.StartAdditionalSiloAsync();

        Assert.Equal(28, await Wait.For(SumAsync(context, table), "the job"));
    }

    private static async Task<long> SumAsync(DparkContext context, Broadcast<int[]> table) =>
        await Wait.For(context.Range(0, 8, 4).Map(n => (long)table.Value[n % table.Value.Length]).ReduceAsync((a, b) => a + b), "the job");

    private static string Refusal(Broadcast<string> table)
    {
        try
        {
            _ = table.UnpersistAsync();
            return "";
        }
        catch (InvalidOperationException e)
        {
            return e.Message;
        }
    }
}
