using System.Collections.Concurrent;
using System.Threading.Channels;
using Dpark.Applications;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Driver;

/// <summary>The list of workers, as the test makes it.</summary>
internal sealed class FakeMaster : IMasterGrain
{
    private readonly Lock _gate = new();
    private readonly List<WorkerInfo> _workers = [];
    private Guid _generation = Guid.NewGuid();
    private WorkerId[] _gone = [];
    private long _version = 1;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(WorkerInfo worker) => Change(() => _workers.Add(worker));

    public void Remove(WorkerId worker) => Change(() => _workers.RemoveAll(info => info.Id == worker));

    /// <summary>As if the grain had been activated anew, with the workers that have registered since.</summary>
    public void StartOver(params WorkerInfo[] workers) => StartOver([], workers);

    /// <summary>The same; membership has declared some silos dead.</summary>
    public void StartOver(WorkerId[] gone, params WorkerInfo[] workers) => Change(() =>
    {
        _generation = Guid.NewGuid();
        _gone = gone;
        _workers.Clear();
        _workers.AddRange(workers);
    });

    public async Task<WorkerList> WatchWorkersAsync(Guid generation, long version, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        Task changed;
        lock (_gate)
        {
            if (generation != _generation || version != _version || maxWait == TimeSpan.Zero)
            {
                return new(_generation, _version, [.. _workers]) { Gone = generation != _generation ? _gone : [] };
            }

            changed = _changed.Task;
        }

        await changed.WaitAsync(cancellationToken);
        lock (_gate)
        {
            return new(_generation, _version, [.. _workers]) { Gone = generation != _generation ? _gone : [] };
        }
    }

    public Task<bool> RegisterWorkerAsync(WorkerInfo worker, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task UnregisterWorkerAsync(WorkerId worker, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RegisterApplicationAsync(ApplicationInfo application, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task UnregisterApplicationAsync(AppId application, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ApplicationInfo[]> ListApplicationsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _version++;
            _changed.TrySetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}

/// <summary>An application that counts what is asked of it.</summary>
internal sealed class FakeApplication : IApplicationGrain
{
    private readonly ConcurrentDictionary<string, string> _names = [];
    private readonly Channel<string> _registered = Channel.CreateUnbounded<string>();

    /// <summary>The names that were set, in order.</summary>
    public ChannelReader<string> Registered => _registered.Reader;

    /// <summary>As if the grain's activation had been lost.</summary>
    public void Forget() => _names.Clear();

    public ConcurrentQueue<string> Calls { get; } = [];

    /// <summary>What a renewal of the lease is answered.</summary>
    public bool IsAlive { get; set; } = true;

    /// <summary>Thrown by the next starts, one each.</summary>
    public Queue<Exception> StartFailures { get; } = new();

    public Task<long> StartAsync(ApplicationInfo application, TimeSpan lease, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"start {application.Name}");
        return StartFailures.TryDequeue(out var failure) ? Task.FromException<long>(failure) : Task.FromResult(7L);
    }

    public Task<bool> RenewLeaseAsync(ApplicationInfo application, long epoch, TimeSpan lease, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"renew {epoch}");
        return Task.FromResult(IsAlive);
    }

    public Task RegisterAsync(string name, string value, CancellationToken cancellationToken)
    {
        _names[name] = value;
        _registered.Writer.TryWrite(name);
        return Task.CompletedTask;
    }

    public Task<string?> GetAsync(string name, CancellationToken cancellationToken) => Task.FromResult(_names.GetValueOrDefault(name));

    public Task<Dictionary<string, string>> SnapshotAsync(CancellationToken cancellationToken) => Task.FromResult(new Dictionary<string, string>(_names));

    public Task<bool> IsRunningAsync(CancellationToken cancellationToken) => Task.FromResult(IsAlive);

    public Task EndAsync(CancellationToken cancellationToken)
    {
        Calls.Enqueue("end");
        return Task.CompletedTask;
    }
}

/// <summary>A registry that remembers what it was told, and can be made to wait.</summary>
internal sealed class FakeRegistry : IMapOutputRegistryGrain
{
    public ConcurrentQueue<MapOutputRegistration> Registrations { get; } = [];

    public ConcurrentQueue<string> Forgotten { get; } = [];

    /// <summary>Registrations end when this does.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Which activation answers; another one has forgotten everything.</summary>
    public Guid Generation { get; set; } = Guid.NewGuid();

    /// <summary>The registrations that have come, whether or not they have ended.</summary>
    public ChannelReader<MapOutputRegistration> Arrivals => _arrivals.Reader;

    private readonly Channel<MapOutputRegistration> _arrivals = Channel.CreateUnbounded<MapOutputRegistration>();

    public async Task<Guid> RegisterAsync(MapOutputRegistration registration, CancellationToken cancellationToken)
    {
        var generation = Generation;
        _arrivals.Writer.TryWrite(registration);
        await Gate;
        Registrations.Enqueue(registration);
        return generation;
    }

    public Task<Guid> ForgetAsync(ShuffleId shuffle, int[] mapIndexes, long epoch, CancellationToken cancellationToken)
    {
        Forgotten.Enqueue($"{shuffle}: {string.Join(',', mapIndexes)} at {epoch}");
        return Task.FromResult(Generation);
    }

    public Task<Guid> ForgetWorkerAsync(WorkerId worker, long epoch, CancellationToken cancellationToken)
    {
        Forgotten.Enqueue($"{worker} at {epoch}");
        return Task.FromResult(Generation);
    }

    public Task<WorkerId[]> RemoveShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<MapOutputPage> GetAsync(ShuffleId shuffle, long minimumEpoch, int firstMap, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ShuffleSummary> SummarizeAsync(ShuffleId shuffle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ClearAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}

/// <summary>A worker that runs nothing: the test sees what it was sent, and makes its reports.</summary>
internal sealed class FakeWorker(WorkerInfo info) : IWorkerGrain
{
    private readonly Channel<TaskLaunch> _launches = Channel.CreateUnbounded<TaskLaunch>();
    private readonly Channel<TaskAttemptId> _cancellations = Channel.CreateUnbounded<TaskAttemptId>();
    private readonly Channel<Func<OutboxCursor, OutboxBatch>> _answers = Channel.CreateUnbounded<Func<OutboxCursor, OutboxBatch>>();
    private readonly Guid _generation = Guid.NewGuid();
    private long _sequence;

    public WorkerInfo Info => info;

    public ConcurrentQueue<TaskBatch> Batches { get; } = [];

    /// <summary>The cursors of all polls.</summary>
    public ConcurrentQueue<OutboxCursor> Cursors { get; } = [];

    /// <summary>What a launch does before it is answered; may throw.</summary>
    public Func<TaskBatch, Task<TaskAttemptId[]>> OnLaunch { get; set; } = _ => Task.FromResult<TaskAttemptId[]>([]);

    public ValueTask<TaskLaunch> NextLaunchAsync() => Wait.For(_launches.Reader, $"a launch on {info.Id}");

    public ValueTask<TaskAttemptId> NextCancellationAsync() => Wait.For(_cancellations.Reader, $"a cancellation on {info.Id}");

    /// <summary>Answers the next poll.</summary>
    public void Report(params TaskReport[] reports)
    {
        var first = _sequence + 1;
        _sequence += reports.Length;
        Answer(_ => new OutboxBatch(_generation, first, reports));
    }

    public void Answer(Func<OutboxCursor, OutboxBatch> answer) => _answers.Writer.TryWrite(answer);

    public async Task<TaskAttemptId[]> LaunchAsync(TaskBatch batch, CancellationToken cancellationToken)
    {
        Batches.Enqueue(batch);
        var refused = await OnLaunch(batch);
        foreach (var launch in batch.Launches)
        {
            if (!refused.Contains(launch.Attempt))
            {
                _launches.Writer.TryWrite(launch);
            }
        }

        return refused;
    }

    public Task<bool> CancelAsync(AppId application, long epoch, TaskAttemptId[] attempts, CancellationToken cancellationToken)
    {
        Array.ForEach(attempts, attempt => _cancellations.Writer.TryWrite(attempt));
        return Task.FromResult(true);
    }

    public async Task<OutboxBatch> PollAsync(AppId application, OutboxCursor after, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        Cursors.Enqueue(after);
        var answer = await _answers.Reader.ReadAsync(cancellationToken);
        return answer(after);
    }

    public Task DeleteShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DropRddAsync(AppId application, RddId rdd, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task DropBroadcastAsync(AppId application, Broadcasting.BroadcastId broadcast, int pieceCount, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string?> CopyCachedAsync(CacheCopy copy, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<CachedPartition[]> ListCachedAsync(AppId application, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task EndApplicationAsync(AppId application, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string?> StartStandInAsync(AppId application, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<WorkerStatus> GetStatusAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
