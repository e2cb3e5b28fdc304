using Dpark.TestKit;
using Orleans.Runtime;

namespace Dpark.Driver;

/// <summary>Which calls are made again, how often, and for how long.</summary>
public sealed class RepeatedCallTests
{
    private const int MaxCalls = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly List<TimeSpan> _calls = [];

    [Fact]
    public async Task RunAsync_AnswerIsLost_IsMadeAgainUpToTheNumber()
    {
        var call = Repeat(_ => throw new TimeoutException("No answer came."));

        await RunClockAsync(call);

        await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Equal([0, 1, 3], _calls.Select(time => time.TotalSeconds));
    }

    [Fact]
    public async Task RunAsync_IsNotDelivered_IsMadeAgainForTheTimeAndThenUpToTheNumber()
    {
        var heard = 0;
        var call = Repeat(_ => throw new OrleansException("Its silo does not answer."), _ => heard++);

        await RunClockAsync(call);

        await Assert.ThrowsAsync<OrleansException>(() => call);
        Assert.Equal([0, 1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 65], _calls.Take(12).Select(time => time.TotalSeconds));
        Assert.Equal([125, 135, 145], _calls.TakeLast(3).Select(time => time.TotalSeconds));
        Assert.Equal(_calls.Count - MaxCalls, heard);
    }

    [Fact]
    public async Task RunAsync_ThereIsNoGatewayForMinutes_IsMadeUntilThereIsOne()
    {
        var call = Repeat(
            made => made < 100 ? throw new SiloUnavailableException("No gateways are there.") : made, limit: Timeout.InfiniteTimeSpan);

        await RunClockAsync(call);

        Assert.Equal(100, await call);
    }

    [Fact]
    public async Task RunAsync_Cancelled_IsNotMadeAgain()
    {
        using var cancellation = new CancellationTokenSource();
        var call = Repeat(_ => throw new SiloUnavailableException("No gateways are there."), cancellationToken: cancellation.Token);

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Single(_calls);
    }

    private Task<int> Repeat(
        Func<int, int> answer, Action<OrleansException>? onUndelivered = null, TimeSpan? limit = null, CancellationToken cancellationToken = default) =>
        new RepeatedCall(limit ?? Limit, _clock).RunAsync(
            () =>
            {
                _calls.Add(_clock.GetElapsedTime(0));
                return Task.FromResult(answer(_calls.Count));
            },
            MaxCalls,
            Delay,
            cancellationToken,
            onUndelivered);

    private async Task RunClockAsync(Task call)
    {
        while (!call.IsCompleted)
        {
            if (_clock.ArmedTimerCount > 0)
            {
                _clock.Advance(Delay);
            }

            await Task.Yield();
        }
    }
}
