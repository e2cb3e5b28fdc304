using Dpark.Applications;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpark.Driver;

/// <summary>The order of what the registry is told, and what launches need not wait for.</summary>
public sealed class MapOutputRegistrarTests : IAsyncDisposable, IAsyncLifetime
{
    private static readonly ShuffleId Shuffle = new(new AppId("app-1"), 1);
    private static readonly StageInfo[] Parents = [new(0, 2, Shuffle, [])];

    private readonly FakeRegistry _registry = new();
    private readonly HashSet<WorkerId> _gone = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly MapOutputRegistrar _registrar;
    private Task _running = Task.CompletedTask;

    public MapOutputRegistrarTests() => _registrar = new(
        _registry,
        worker => _gone.Contains(worker) ? null : "127.0.0.1:1",
        new RepeatedCall(TimeSpan.Zero, TimeProvider.System),
        _ => { },
        NullLogger<MapOutputRegistrar>.Instance);

    Task IAsyncLifetime.InitializeAsync()
    {
        _running = _registrar.RunAsync(_stopping.Token);
        return Task.CompletedTask;
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    [Fact]
    public void ListFor_CompleteList_HasEveryOutput()
    {
        Register(epoch: 3, "a", "b");

        var list = Assert.Single(_registrar.ListFor(Parents, 3)!);

        Assert.Equal((Shuffle, 2, 3, true), (list.Shuffle, list.MapCount, list.Epoch, list.IsLast));
        Assert.Equal(["a", "b"], list.Outputs.Select(output => output.Output.Worker.Value));
    }

    [Fact]
    public void ListFor_OlderThanAsked_IsNull()
    {
        Register(epoch: 3, "a", "b");

        Assert.Null(_registrar.ListFor(Parents, 4));
    }

    [Fact]
    public void ListFor_WorkerWasLost_IsNullUntilTheMapRanAgain()
    {
        Register(epoch: 3, "a", "b");
        _registrar.Enqueue(new ForgetWorkerOutputs(new("b"), 4), shuffle: null);
        var afterLoss = _registrar.ListFor(Parents, 3);
        _registrar.Enqueue(new RegisterMapOutputs(Shuffle, 2, [Output(1, "a")], 4, IsComplete: true), Shuffle);

        Assert.Null(afterLoss);
        Assert.Equal(["a", "a"], Assert.Single(_registrar.ListFor(Parents, 4)!).Outputs.Select(output => output.Output.Worker.Value));
    }

    [Fact]
    public void ListFor_OutputWasForgotten_IsNull()
    {
        Register(epoch: 3, "a", "b");
        _registrar.Enqueue(new ForgetMapOutputs(Shuffle, [0], 4), Shuffle);

        Assert.Null(_registrar.ListFor(Parents, 3));
    }

    [Fact]
    public void ListFor_WorkerIsNotKnownAnyMore_IsNull()
    {
        _gone.Add(new("b"));
        Register(epoch: 3, "a", "b");

        Assert.Null(_registrar.ListFor(Parents, 3));
    }

    [Fact]
    public void ListFor_ListIsTooLong_IsNull()
    {
        _registrar.Enqueue(new RegisterMapOutputs(Shuffle, 2, [Output(0, "a", 2_000), Output(1, "a", 2_000)], 3, IsComplete: true), Shuffle);

        Assert.Null(_registrar.ListFor(Parents, 3));
    }

    [Fact]
    public async Task ReleaseAsync_RegistrationIsUnderWay_WaitsForItAndForgetsTheList()
    {
        var gate = new TaskCompletionSource();
        _registry.Gate = gate.Task;
        Register(epoch: 3, "a", "b");

        var released = _registrar.ReleaseAsync(Shuffle);

        Assert.False(released.IsCompleted);
        Assert.Null(_registrar.ListFor(Parents, 3));
        gate.SetResult();
        await Wait.For(released, "the registration");
        Assert.Single(_registry.Registrations);
        Assert.True(_registrar.ReleaseAsync(Shuffle).IsCompleted);
    }

    private static MapOutput Output(int map, string worker, int bucketCount = 1) => new(map, new WorkerId(worker), 0, [.. new long[bucketCount]], 1);

    private void Register(long epoch, params string[] workers) =>
        _registrar.Enqueue(new RegisterMapOutputs(Shuffle, workers.Length, [.. workers.Select((worker, map) => Output(map, worker))], epoch, IsComplete: true), Shuffle);
}
