using Dpark.Broadcasting;
using Dpark.Closures;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Applications;

/// <summary>The applications that one worker keeps something of: gives tasks their programs and broadcast values. Thread-safe.</summary>
internal sealed class WorkerApplications : IProgramSource, IBroadcastSource, IDisposable
{
    private const int MaxEnded = 4096;

    private readonly PublishedContents _contents;
    private readonly MemoryHolder _broadcastMemory;
    private readonly Lock _gate = new();
    private readonly Dictionary<AppId, WorkerApplication> _applications = [];
    private readonly RecentSet<AppId> _ended = new(MaxEnded);
    private bool _isDisposed;

    /// <param name="memory">What broadcast values share with tasks.</param>
    public WorkerApplications(PublishedContents contents, WorkerMemory memory)
    {
        _contents = contents;
        _broadcastMemory = memory.AddHolder("broadcast values", GiveUpBroadcasts);
    }

    /// <summary>The applications, in no particular order.</summary>
    public AppId[] List()
    {
        lock (_gate)
        {
            return [.. _applications.Keys];
        }
    }

    /// <inheritdoc/>
    public IStageProgramFactory GetOrFetch(AppId application, StageProgramId program, CancellationToken cancellationToken)
    {
        var state = Get(application);
        return new Factory(state.GetProgram(program, cancellationToken), state, this, cancellationToken);
    }

    /// <inheritdoc/>
    public object GetOrFetch(AppId application, BroadcastId broadcast, Func<ReadOnlyMemory<byte>, object> decode, CancellationToken cancellationToken) =>
        Get(application).GetBroadcast(broadcast, decode, cancellationToken);

    /// <summary>Takes the bytes of a program that came with its launch. Ignored if the application has ended.</summary>
    public void Offer(AppId application, StageProgramId program, byte[] bytes)
    {
        WorkerApplication? state;
        lock (_gate)
        {
            state = TryGet(application);
        }

        state?.Offer(program, bytes);
    }

    /// <summary>Forgets the decoded value of a broadcast.</summary>
    public void DropBroadcast(AppId application, BroadcastId broadcast)
    {
        lock (_gate)
        {
            _applications.GetValueOrDefault(application)?.DropBroadcast(broadcast);
        }
    }

    /// <summary>Makes the application known, so that the worker asks whether it still runs.</summary>
    /// <returns><see langword="false"/> if it has ended.</returns>
    public bool TryEnter(AppId application)
    {
        lock (_gate)
        {
            return TryGet(application) is not null;
        }
    }

    /// <summary>Unloads an application and refuses it for good.</summary>
    public void End(AppId application)
    {
        WorkerApplication? state;
        lock (_gate)
        {
            _ended.Add(application);
            _applications.Remove(application, out state);
        }

        state?.Dispose();
    }

    /// <summary>Unloads all applications and refuses more.</summary>
    public void Dispose()
    {
        WorkerApplication[] states;
        lock (_gate)
        {
            _isDisposed = true;
            states = [.. _applications.Values];
            _applications.Clear();
        }

        Array.ForEach(states, static state => state.Dispose());
    }

    private long GiveUpBroadcasts(long wanted)
    {
        WorkerApplication[] states;
        lock (_gate)
        {
            states = [.. _applications.Values];
        }

        var bytes = 0L;
        for (var i = 0; i < states.Length && bytes < wanted; i++)
        {
            bytes += states[i].GiveUpBroadcasts(wanted - bytes);
        }

        return bytes;
    }

    private WorkerApplication Get(AppId application)
    {
        lock (_gate)
        {
            return TryGet(application) ?? throw new OperationCanceledException($"{application} has ended on this worker.");
        }
    }

    private WorkerApplication? TryGet(AppId application)
    {
        if (!_applications.TryGetValue(application, out var state) && !_isDisposed && !_ended.Contains(application))
        {
            state = new(application, _contents, _broadcastMemory);
            _applications.Add(application, state);
        }

        return state;
    }

    /// <summary>One attempt's way to its program, so that waiting for a broadcast ends with the attempt.</summary>
    private sealed class Factory(
        PreparedClosure program, WorkerApplication application, IBroadcastSource broadcasts, CancellationToken cancellationToken) : IStageProgramFactory
    {
        public StageProgram Create() => (StageProgram)program.Instantiate(broadcasts, cancellationToken);

        public Partition ReadPartition(byte[] bytes) => Read(bytes);

        public Partition FetchPartition(string hash) => Read(application.FetchPartition(hash, cancellationToken));

        private Partition Read(ReadOnlyMemory<byte> bytes) =>
            (Partition)ClosureSerializer.Deserialize(bytes, application.Code, broadcasts, cancellationToken);
    }
}
