using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;

namespace Dpark.Tests.Lifecycle;

public sealed class LifecycleSubjectTests
{
    private readonly SiloLifecycle _lifecycle = new(NullLogger<SiloLifecycle>.Instance);
    private readonly List<string> _log = [];

    [Fact]
    public async Task StartAndStop_SeveralStages_AscendThenDescend()
    {
        Add(30);
        Add(10);
        Add(20);

        await _lifecycle.StartAsync(CancellationToken.None);
        var highest = _lifecycle.HighestCompletedStage;
        await _lifecycle.StopAsync(CancellationToken.None);

        Assert.Equal(["start 10", "start 20", "start 30", "stop 30", "stop 20", "stop 10"], _log);
        Assert.Equal(30, highest);
        Assert.Equal(10, _lifecycle.LowestStoppedStage);
    }

    [Fact]
    public async Task StartAsync_ObserverFails_EndsThereAndStopReachesWhatBegan()
    {
        Add(10);
        _lifecycle.Subscribe("failing", 20, _ => throw new InvalidOperationException("no"), Log("stop failing"));
        Add(30);

        await Assert.ThrowsAsync<InvalidOperationException>(() => _lifecycle.StartAsync(CancellationToken.None));
        await _lifecycle.StopAsync(CancellationToken.None);

        Assert.Equal(["start 10", "stop failing", "stop 10"], _log);
    }

    [Fact]
    public async Task StopAsync_ObserverFails_OthersStop()
    {
        Add(10);
        _lifecycle.Subscribe("failing", 20, Log("start failing"), _ => throw new InvalidOperationException("no"));

        await _lifecycle.StartAsync(CancellationToken.None);
        await _lifecycle.StopAsync(CancellationToken.None);

        Assert.Equal(["start 10", "start failing", "stop 10"], _log);
    }

    [Fact]
    public async Task StopAsync_Twice_ObserversStopOnce()
    {
        Add(10);
        await _lifecycle.StartAsync(CancellationToken.None);

        await _lifecycle.StopAsync(CancellationToken.None);
        await _lifecycle.StopAsync(CancellationToken.None);

        Assert.Equal(["start 10", "stop 10"], _log);
    }

    [Fact]
    public async Task StopAsync_NeverStarted_DoesNothing()
    {
        Add(10);

        await _lifecycle.StopAsync(CancellationToken.None);

        Assert.Empty(_log);
        Assert.Throws<InvalidOperationException>(() => Add(20));
    }

    [Fact]
    public async Task StartAsync_ObserversOfOneStage_RunTogether()
    {
        var one = new TaskCompletionSource();
        var other = new TaskCompletionSource();
        _lifecycle.Subscribe("one", 10, async _ =>
        {
            one.SetResult();
            await other.Task;
        });
        _lifecycle.Subscribe("other", 10, async _ =>
        {
            other.SetResult();
            await one.Task;
        });

        await _lifecycle.StartAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(10, _lifecycle.HighestCompletedStage);
    }

    [Fact]
    public async Task StartAsync_TokenFires_NextStageDoesNotStart()
    {
        using var stop = new CancellationTokenSource();
        _lifecycle.Subscribe("stopping", 10, _ => stop.CancelAsync());
        Add(20);

        await Assert.ThrowsAsync<OrleansLifecycleCanceledException>(() => _lifecycle.StartAsync(stop.Token));

        Assert.Empty(_log);
    }

    [Fact]
    public async Task Subscribe_StageHasStarted_Throws()
    {
        Add(10);
        await _lifecycle.StartAsync(CancellationToken.None);

        Assert.Throws<InvalidOperationException>(() => Add(10));
        Assert.Throws<InvalidOperationException>(() => Add(5));
    }

    [Fact]
    public async Task Dispose_OfSubscription_RemovesTheObserver()
    {
        Add(10).Dispose();

        await _lifecycle.StartAsync(CancellationToken.None);

        Assert.Empty(_log);
    }

    private IDisposable Add(int stage) => _lifecycle.Subscribe($"observer {stage}", stage, Log($"start {stage}"), Log($"stop {stage}"));

    private Func<CancellationToken, Task> Log(string text) => _ =>
    {
        _log.Add(text);
        return Task.CompletedTask;
    };
}
