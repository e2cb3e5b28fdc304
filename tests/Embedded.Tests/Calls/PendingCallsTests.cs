using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Dpark.Embedded.Tests.Calls;

public interface IPendingGrain : IGrainWithStringKey
{
    Task<int> GetAsync(CancellationToken cancellationToken);
}

public sealed class PendingCallsTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly InterfaceMethod Method = GrainInterface.Of(typeof(IPendingGrain)).Methods.Single();

    private readonly List<Message> _cancels = [];
    private readonly SiloMessagingOptions _options = new();
    private readonly PendingCalls _calls;

    public PendingCallsTests() => _calls = new PendingCalls(_options, _cancels.Add);

    [Fact]
    public async Task Complete_Answer_EndsTheCallOnce()
    {
        var call = Start();

        _calls.Complete(call.Request.Id, Response.FromResult(5));
        _calls.Complete(call.Request.Id, Response.FromResult(6));

        Assert.Equal(5, await call.Task.WaitAsync(Limit));
        Assert.Equal(0, _calls.Count);
    }

    [Fact]
    public async Task Complete_Exception_IsThrownAsItIs()
    {
        var call = Start();
        var failure = new AggregateException(new TimeoutException());

        _calls.Complete(call.Request.Id, Response.FromException(failure));

        Assert.Same(failure, await Assert.ThrowsAsync<AggregateException>(() => call.Task.WaitAsync(Limit)));
    }

    [Fact]
    public async Task Deadline_Passed_IsTimeoutWithTheMessage()
    {
        var call = Start(TimeSpan.FromMilliseconds(1));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => call.Task.WaitAsync(Limit));

        Assert.StartsWith("Response did not arrive on time in 00:00:00.0010000 for message: ", error.Message, StringComparison.Ordinal);
        Assert.Empty(_cancels);
    }

    [Fact]
    public async Task Deadline_PassedAndCancelRequestOnTimeout_TellsTheCallee()
    {
        _options.CancelRequestOnTimeout = true;
        var call = Start(TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAsync<TimeoutException>(() => call.Task.WaitAsync(Limit));

        // The call ends before the callee is told; the ticker's next round comes after.
        var next = Start(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<TimeoutException>(() => next.Task.WaitAsync(Limit));
        Assert.Contains(call.Request, _cancels);
    }

    [Fact]
    public async Task FailCallsTo_DeadSilo_EndsItsCallsOnly()
    {
        var dead = SiloAddress.FromParsableString("127.0.0.1:1@1");
        var victim = Start();
        var other = Start();
        victim.Request.TargetSilo = dead;
        other.Request.TargetSilo = SiloAddress.FromParsableString("127.0.0.1:1@2");

        _calls.FailCallsTo(dead);

        var error = await Assert.ThrowsAsync<SiloUnavailableException>(() => victim.Task.WaitAsync(Limit));
        Assert.StartsWith("The target silo became unavailable", error.Message, StringComparison.Ordinal);
        Assert.False(other.Task.IsCompleted);
    }

    [Fact]
    public async Task Add_AfterClose_FailsAtOnce()
    {
        var before = Start();

        _calls.Close(() => new SiloUnavailableException("closed"));
        var after = Start();

        await Assert.ThrowsAsync<SiloUnavailableException>(() => before.Task.WaitAsync(Limit));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => after.Task.WaitAsync(Limit));
    }

    [Fact]
    public async Task Token_Cancelled_ReleasesTheCallerAndTellsTheCallee()
    {
        using var source = new CancellationTokenSource();
        var call = Start();
        call.CancelWith(source.Token);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.Task.WaitAsync(Limit));
        Assert.Same(call.Request, Assert.Single(_cancels));
    }

    [Fact]
    public async Task Token_CancelledAndAcknowledgementWanted_WaitsForTheAnswer()
    {
        _options.WaitForCancellationAcknowledgement = true;
        using var source = new CancellationTokenSource();
        var call = Start();
        call.CancelWith(source.Token);

        await source.CancelAsync();
        Assert.False(call.Task.IsCompleted);
        _calls.Complete(call.Request.Id, Response.FromResult(7));

        Assert.Equal(7, await call.Task.WaitAsync(Limit));
        Assert.Single(_cancels);
    }

    public void Dispose() => _calls.Dispose();

    private PendingCall<int> Start(TimeSpan? timeout = null)
    {
        var call = new PendingCall<int>(new Message { Id = _calls.NextId() }, Method, _calls, timeout ?? TimeSpan.FromMinutes(5));
        _calls.Add(call);
        return call;
    }
}
