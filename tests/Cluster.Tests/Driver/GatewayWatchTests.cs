using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Driver;

/// <summary>Which calls are made again when a gateway is lost, and which answer counts.</summary>
public sealed class GatewayWatchTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly GatewayWatch _watch;
    private readonly List<TaskCompletionSource<int>> _calls = [];

    public GatewayWatchTests() => _watch = new GatewayWatch(_clock);

    [Fact]
    public async Task RunAsync_GatewayIsLost_TheSecondCallAnswersAtOnce()
    {
        var result = RunAsync();

        Lose();
        await CalledAsync(2);
        _calls[1].SetResult(7);

        Assert.Equal(7, await Wait.For(result, "the call"));
        Assert.False(_calls[0].Task.IsCompleted);
    }

    [Fact]
    public async Task RunAsync_GatewayIsLost_TheFirstCallMayStillAnswer()
    {
        var result = RunAsync();

        Lose();
        await CalledAsync(2);
        _calls[0].SetResult(5);

        Assert.Equal(5, await Wait.For(result, "the call"));
    }

    [Fact]
    public async Task RunAsync_TheSecondCallFails_IsMadeAgainWhileTheFirstWaits()
    {
        var result = RunAsync();
        Lose();
        await CalledAsync(2);

        _calls[1].SetException(new TimeoutException("No answer came."));
        await CalledAsync(3);
        _calls[2].SetResult(3);

        Assert.Equal(3, await Wait.For(result, "the call"));
    }

    [Fact]
    public async Task RunAsync_EveryCallFails_ThrowsTheLastFailureAndStops()
    {
        var result = RunAsync();
        Lose();
        await CalledAsync(2);

        _calls[1].SetException(new TimeoutException("second"));
        await CalledAsync(3);
        _calls[0].SetException(new TimeoutException("first"));
        _calls[2].SetException(new TimeoutException("third"));

        var failure = await Assert.ThrowsAsync<TimeoutException>(() => result.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(failure.Message, new[] { "first", "third" });
        Assert.Equal(3, _calls.Count);
    }

    [Fact]
    public async Task RunAsync_GatewayIsFound_IsNotMadeAgain()
    {
        var result = RunAsync();

        _watch.NotifyGatewayCountChanged(3, 2, connectionRecovered: false);
        _calls[0].SetResult(5);

        Assert.Equal(5, await Wait.For(result, "the call"));
        Assert.Single(_calls);
    }

    [Fact]
    public async Task RunAsync_GatewayWasLostBefore_IsMadeOnce()
    {
        Lose();
        var result = RunAsync();

        _calls[0].SetResult(5);

        Assert.Equal(5, await Wait.For(result, "the call"));
        Assert.Single(_calls);
    }

    [Fact]
    public void Of_ClientOfAnApplication_IsTheOneThatTheClientTells()
    {
        var cluster = new FakeCluster(services => services.AddDparkClient());

        Assert.Same(
            Assert.Single(cluster.Client.ServiceProvider.GetServices<IClusterConnectionStatusObserver>()),
            GatewayWatch.Of(cluster.Client));
    }

    private void Lose() => _watch.NotifyGatewayCountChanged(2, 3, connectionRecovered: false);

    private Task<int> RunAsync() => _watch.RunAsync(
        () =>
        {
            var call = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_calls)
            {
                _calls.Add(call);
            }

            return call.Task;
        },
        CancellationToken.None);

    /// <summary>Waits until so many calls were made; pauses between them are over at once.</summary>
    private async Task CalledAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            lock (_calls)
            {
                if (_calls.Count >= count)
                {
                    return;
                }
            }

            if (_clock.ArmedTimerCount > 0)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
            }

            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
