using System.Diagnostics;
using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Timers;

/// <summary>One tick: when its callback started and ended, in milliseconds since the grain's timer was made.</summary>
[GenerateSerializer, Alias("conformance.Tick")]
public readonly record struct Tick([property: Id(0)] double Started, [property: Id(1)] double Ended);

[GenerateSerializer, Alias("conformance.TimerPlan")]
public sealed record TimerPlan(
    [property: Id(0)] TimeSpan DueTime,
    [property: Id(1)] TimeSpan Period,
    [property: Id(2)] TimeSpan Body,
    [property: Id(3)] bool Interleave = false,
    [property: Id(4)] bool Fails = false,
    [property: Id(5)] bool WaitsAtGate = false);

[Alias("conformance.ITimerGrain")]
public interface ITimerGrain : IGrainWithStringKey
{
    /// <summary>Starts a timer, replacing the one of the same name.</summary>
    [Alias("Start")]
    Task StartAsync(string name, TimerPlan plan);

    [Alias("Change")]
    Task ChangeAsync(string name, TimeSpan dueTime, TimeSpan period);

    [Alias("Stop")]
    Task StopAsync(string name);

    /// <summary>The ticks that have ended, as soon as there are <paramref name="count"/>.</summary>
    [AlwaysInterleave, Alias("WaitFor")]
    Task<List<Tick>> WaitForAsync(string name, int count);

    /// <summary>How many ticks of the timer have started.</summary>
    [AlwaysInterleave, Alias("Started")]
    Task<int> StartedAsync(string name);

    /// <summary>
    /// A plain call: waits until the timer has ended as many ticks more. Returns how many ticks of <paramref name="other"/> started meanwhile.
    /// </summary>
    [Alias("Watch")]
    Task<int> WatchAsync(string name, int count, string other);

    /// <summary>A plain call that is over at once: how many ticks have ended.</summary>
    [Alias("Ended")]
    Task<int> EndedAsync(string name);

    /// <summary>The state that a timer with state and the token of a disposed timer were seen with.</summary>
    [Alias("StateAndToken")]
    Task<string> StateAndTokenAsync();

    [Alias("Deactivate")]
    Task DeactivateAsync();
}

[GrainType("conformance.timer"), RandomPlacement]
public sealed class TimerGrain : Grain, ITimerGrain
{
    private readonly Dictionary<string, Recording> _recordings = [];

    public Task StartAsync(string name, TimerPlan plan)
    {
        var recording = new Recording();
        _recordings[name] = recording;
        recording.Timer = this.RegisterGrainTimer(
            () => TickAsync(recording, plan),
            new GrainTimerCreationOptions { DueTime = plan.DueTime, Period = plan.Period, Interleave = plan.Interleave });
        return Task.CompletedTask;
    }

    public Task ChangeAsync(string name, TimeSpan dueTime, TimeSpan period)
    {
        _recordings[name].Timer!.Change(dueTime, period);
        return Task.CompletedTask;
    }

    public Task StopAsync(string name)
    {
        _recordings[name].Timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task<List<Tick>> WaitForAsync(string name, int count) => _recordings[name].WaitForAsync(count);

    public Task<int> StartedAsync(string name) => Task.FromResult(_recordings[name].Started);

    public async Task<int> WatchAsync(string name, int count, string other)
    {
        var before = _recordings[other].Started;
        await _recordings[name].WaitForAsync(_recordings[name].Ticks.Count + count);
        return _recordings[other].Started - before;
    }

    public Task<int> EndedAsync(string name) => Task.FromResult(_recordings[name].Ticks.Count);

    public async Task<string> StateAndTokenAsync()
    {
        var seen = new TaskCompletionSource<(string State, CancellationToken Token)>();
        var timer = this.RegisterGrainTimer(
            (state, token) =>
            {
                seen.TrySetResult((state, token));
                return Task.CompletedTask;
            },
            "the state",
            new GrainTimerCreationOptions { DueTime = TimeSpan.Zero, Period = Timeout.InfiniteTimeSpan, Interleave = true });
        var (state, token) = await seen.Task;
        var before = token.IsCancellationRequested;
        timer.Dispose();
        return $"{state} {before} {token.IsCancellationRequested}";
    }

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        var started = _recordings.Values.Sum(recording => recording.Started);
        return GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString()).AppendAsync($"started {started}");
    }

    private async Task TickAsync(Recording recording, TimerPlan plan)
    {
        var started = recording.Start();
        if (plan.Body > TimeSpan.Zero)
        {
            await Task.Delay(plan.Body);
        }

        if (plan.WaitsAtGate)
        {
            await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        }

        recording.End(started);
        if (plan.Fails)
        {
            throw new InvalidOperationException("the tick failed");
        }
    }

    private sealed class Recording
    {
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private TaskCompletionSource _ended = new();

        public IGrainTimer? Timer { get; set; }

        public int Started { get; private set; }

        public List<Tick> Ticks { get; } = [];

        public double Start()
        {
            Started++;
            return _watch.Elapsed.TotalMilliseconds;
        }

        public void End(double started)
        {
            Ticks.Add(new Tick(started, _watch.Elapsed.TotalMilliseconds));
            var ended = _ended;
            _ended = new();
            ended.SetResult();
        }

        public async Task<List<Tick>> WaitForAsync(int count)
        {
            while (Ticks.Count < count)
            {
                await _ended.Task;
            }

            return [.. Ticks];
        }
    }
}
