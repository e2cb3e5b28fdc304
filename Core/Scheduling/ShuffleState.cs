using Dpark.Shuffle;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>The map outputs of one shuffle. Outlives the jobs that made them, until nobody can read it any more.</summary>
internal sealed class ShuffleState(ShuffleId id, int mapCount)
{
    private readonly MapOutput?[] _outputs = new MapOutput?[mapCount];
    private readonly long[] _outputEpochs = new long[mapCount];
    private List<MapOutput> _unregistered = [];
    private readonly bool[] _hasCounted = new bool[mapCount];
    private HashSet<WorkerId>? _suspects;

    public ShuffleId Id { get; } = id;

    public int MapCount { get; } = mapCount;

    public int MissingCount { get; private set; } = mapCount;

    public bool IsComplete => MissingCount == 0;

    /// <summary>When an output was last added, lost, or registered again.</summary>
    public long ChangedAt { get; private set; }

    /// <summary>How new the registry's list is. Not below <see cref="ChangedAt"/>.</summary>
    public long Epoch { get; private set; }

    /// <summary>How often each map was launched; never starts over, because the number is part of the output's file name.</summary>
    public int[] NextAttempts { get; } = new int[mapCount];

    /// <summary>How often its stage was started.</summary>
    public int StageAttemptCount { get; set; }

    /// <summary>The stage that writes it, while a job uses that.</summary>
    public StageState? Stage { get; set; }

    /// <summary>The stages of running jobs that read it.</summary>
    public List<StageState> Readers { get; } = [];

    /// <summary>A task that reads it was launched since it was last computed as a whole. Kept for stages whose tasks may give other records when they run again.</summary>
    public bool WasRead { get; set; }

    /// <summary>Shuffles whose map tasks read this one.</summary>
    public List<ShuffleState> Derived { get; } = [];

    /// <summary>Shuffles that its map tasks read.</summary>
    public HashSet<ShuffleState> DerivedFrom { get; } = [];

    public bool IsUnneeded { get; set; }

    /// <summary>It is in the scheduler's list of shuffles to register.</summary>
    public bool IsListed { get; set; }

    /// <summary>Outputs that the registry does not have yet.</summary>
    public int UnregisteredCount => _unregistered.Count;

    /// <summary>Something other than new outputs must be told to the registry: a new epoch, or that there are no maps.</summary>
    public bool HasNews { get; set; } = mapCount == 0;

    public bool Has(int mapIndex) => _outputs[mapIndex] is not null;

    public WorkerId? WorkerOf(int mapIndex) => _outputs[mapIndex]?.Worker;

    /// <summary>The epoch at which an output was added.</summary>
    public long EpochOf(int mapIndex) => _outputEpochs[mapIndex];

    public void Add(MapOutput output, long epoch)
    {
        _outputs[output.MapIndex] = output;
        _outputEpochs[output.MapIndex] = epoch;
        _unregistered.Add(output);
        MissingCount--;
        Epoch = ChangedAt = epoch;
    }

    /// <summary>Notes that what a map task added to accumulators counts.</summary>
    /// <returns><see langword="false"/> if an earlier output of the same map has counted.</returns>
    public bool Count(int mapIndex) => !_hasCounted[mapIndex] && (_hasCounted[mapIndex] = true);

    public void Forget(int mapIndex, long epoch)
    {
        _outputs[mapIndex] = null;
        _unregistered.RemoveAll(output => output.MapIndex == mapIndex);
        MissingCount++;
        Epoch = ChangedAt = epoch;
    }

    /// <summary>Nothing has changed since, but somebody reads the list together with one that has.</summary>
    public void Confirm(long epoch)
    {
        Epoch = epoch;
        HasNews = true;
    }

    /// <returns>Maps with an output on a worker, ascending.</returns>
    public List<int> MapsOn(WorkerId worker) => ListMaps(worker);

    /// <returns>Maps with an output, ascending; only those on a worker if one is named.</returns>
    public List<int> ListMaps(WorkerId? worker = null)
    {
        List<int> maps = [];
        for (var map = 0; map < _outputs.Length; map++)
        {
            if (_outputs[map] is { } output && (worker is null || output.Worker == worker))
            {
                maps.Add(map);
            }
        }

        return maps;
    }

    /// <summary>Notes that an output of a worker could not be read.</summary>
    /// <returns><see langword="false"/> the first time.</returns>
    public bool WasSuspect(WorkerId worker) => !(_suspects ??= []).Add(worker);

    /// <summary>Has every output registered again, with a new epoch.</summary>
    public void Reregister(long epoch)
    {
        _unregistered = [];
        foreach (var output in _outputs)
        {
            if (output is not null)
            {
                _unregistered.Add(output);
            }
        }

        Epoch = ChangedAt = epoch;
        HasNews = true;
    }

    public RegisterMapOutputs TakeRegistration()
    {
        HasNews = false;
        var registration = new RegisterMapOutputs(Id, MapCount, _unregistered, Epoch, IsComplete);
        _unregistered = [];
        return registration;
    }
}
