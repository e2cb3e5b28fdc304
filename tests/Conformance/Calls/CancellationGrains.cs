using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Calls;

[Alias("conformance.ICancellableGrain")]
public interface ICancellableGrain : IGrainWithStringKey
{
    /// <summary>Arrives at the gate, then waits for its token. Writes <c>started NAME</c>, <c>cancelled NAME</c> to the journal.</summary>
    [Alias("WaitForToken")]
    Task WaitForTokenAsync(string name, CancellationToken cancellationToken);

    /// <summary>The token need not be given.</summary>
    [Alias("Describe")]
    Task<string> DescribeAsync(int before, string after = "after", CancellationToken cancellationToken = default);

    /// <summary>Passes the gate, whatever the token says.</summary>
    [Alias("Ignore")]
    Task IgnoreAsync(string name, CancellationToken cancellationToken);

    /// <summary>As <see cref="WaitForTokenAsync"/>; its caller waits 1 s.</summary>
    [ResponseTimeout("00:00:01"), Alias("WaitForTokenShort")]
    Task WaitForTokenShortAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Waits for its token, then passes the gate and returns as if nothing had been.
    /// Writes <c>started NAME</c>, <c>lingers NAME</c>, <c>finished NAME</c>.
    /// </summary>
    [Alias("Linger")]
    Task LingerAsync(string name, CancellationToken cancellationToken);

    [AlwaysInterleave, Alias("Ping")]
    Task PingAsync();
}

[GrainType("conformance.cancellable"), RandomPlacement]
public sealed class CancellableGrain : Grain, ICancellableGrain
{
    private IJournalGrain Journal => GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString());

    public async Task WaitForTokenAsync(string name, CancellationToken cancellationToken)
    {
        var scheduler = TaskScheduler.Current;
        await Journal.AppendAsync($"started {name}");
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            var isOnScheduler = ReferenceEquals(scheduler, TaskScheduler.Current);
            await Journal.AppendAsync($"cancelled {name} {cancellationToken.IsCancellationRequested} {isOnScheduler}");
        }
    }

    public Task WaitForTokenShortAsync(string name, CancellationToken cancellationToken) => WaitForTokenAsync(name, cancellationToken);

    public Task<string> DescribeAsync(int before, string after, CancellationToken cancellationToken) =>
        Task.FromResult($"{before} {cancellationToken.IsCancellationRequested} {after}");

    public async Task IgnoreAsync(string name, CancellationToken cancellationToken)
    {
        await Journal.AppendAsync($"started {name}");
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        await Journal.AppendAsync($"finished {name} {cancellationToken.IsCancellationRequested}");
    }

    public async Task LingerAsync(string name, CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(() => cancelled.TrySetResult());
        await Journal.AppendAsync($"started {name}");
        await cancelled.Task;
        await Journal.AppendAsync($"lingers {name}");
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        await Journal.AppendAsync($"finished {name}");
    }

    public Task PingAsync() => Task.CompletedTask;
}

[Alias("conformance.ICancellingGrain")]
public interface ICancellingGrain : IGrainWithStringKey
{
    /// <summary>Calls <see cref="ICancellableGrain.WaitForTokenAsync"/>, cancels when it has started, and returns what it caught.</summary>
    [Alias("CallAndCancel")]
    Task<string> CallAndCancelAsync(string cancellable);
}

[GrainType("conformance.cancelling"), RandomPlacement]
public sealed class CancellingGrain : Grain, ICancellingGrain
{
    public async Task<string> CallAndCancelAsync(string cancellable)
    {
        using var source = new CancellationTokenSource();
        var call = GrainFactory.GetGrain<ICancellableGrain>(cancellable).WaitForTokenAsync("it", source.Token);
        await GrainFactory.GetGrain<IJournalGrain>(cancellable).WaitForEntryAsync("started it");
        await source.CancelAsync();
        try
        {
            await call;
            return "nothing";
        }
        catch (OperationCanceledException)
        {
            return nameof(OperationCanceledException);
        }
    }
}
