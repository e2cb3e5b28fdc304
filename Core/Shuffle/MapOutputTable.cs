using System.Runtime.InteropServices;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>The map outputs of one application's shuffles: where each is, and how new each list is. Not thread-safe: its grain runs one call at a time.</summary>
/// <remarks>
/// The driver decides, this only remembers. An epoch never falls: a message that was slow can add an output, but neither make a list look older than it is, nor replace or remove what was
/// registered later, nor bring back what was forgotten or what a worker took with it when it was lost. So the driver may send a message twice, and the first may come last.
/// </remarks>
public sealed class MapOutputTable
{
    private readonly Dictionary<ShuffleId, MapOutputList> _lists = [];
    private readonly Dictionary<WorkerId, long> _lostAt = [];

    /// <summary>Shuffles of which something is known.</summary>
    public int ShuffleCount => _lists.Count;

    /// <summary>The list of one shuffle; <see langword="null"/> if nothing is known of it.</summary>
    public MapOutputList? Find(ShuffleId shuffle) => _lists.GetValueOrDefault(shuffle);

    /// <summary>Adds outputs; each replaces an older one of the same map.</summary>
    /// <param name="mapCount">Map outputs of the complete shuffle. At least 0.</param>
    /// <param name="epoch">The list is at least this new once the last part has come.</param>
    /// <param name="isLast">Whether no further part of this registration follows.</param>
    /// <exception cref="ArgumentException">An output has an index that the shuffle does not have. Nothing is added.</exception>
    public void Register(ShuffleId shuffle, int mapCount, IReadOnlyList<MapOutputLocation> outputs, long epoch, bool isLast)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mapCount);
        ArgumentNullException.ThrowIfNull(outputs);
        foreach (var output in outputs)
        {
            if ((uint)output.Output.MapIndex >= (uint)mapCount)
            {
                throw new ArgumentException(
                    $"Map output {output.Output.MapIndex} of {shuffle} cannot be registered, because the shuffle has {mapCount} maps.", nameof(outputs));
            }
        }

        ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_lists, shuffle, out _);
        if (list is null || list.MapCount != mapCount)
        {
            list = new(mapCount);
        }

        foreach (var output in outputs)
        {
            if (!_lostAt.TryGetValue(output.Output.Worker, out var lostAt) || epoch >= lostAt)
            {
                list.Set(output, epoch);
            }
        }

        if (isLast)
        {
            list.Raise(epoch);
        }
    }

    /// <summary>Removes single outputs. Unknown ones are ignored.</summary>
    /// <param name="epoch">The list is at least this new afterwards.</param>
    public void Forget(ShuffleId shuffle, IReadOnlyList<int> mapIndexes, long epoch)
    {
        ArgumentNullException.ThrowIfNull(mapIndexes);
        if (!_lists.TryGetValue(shuffle, out var list))
        {
            return;
        }

        foreach (var mapIndex in mapIndexes)
        {
            list.Remove(mapIndex, epoch);
        }

        list.Raise(epoch);
    }

    /// <summary>Removes every output of a lost worker, and those of it that arrive later although they were sent before the loss.</summary>
    /// <param name="epoch">Every list is at least this new afterwards.</param>
    /// <returns>Outputs removed.</returns>
    public int ForgetWorker(WorkerId worker, long epoch)
    {
        _lostAt[worker] = Math.Max(epoch, _lostAt.GetValueOrDefault(worker));
        var count = 0;
        foreach (var list in _lists.Values)
        {
            count += list.RemoveAll(worker, epoch);
            list.Raise(epoch);
        }

        return count;
    }

    /// <summary>Removes a shuffle.</summary>
    /// <returns>The workers that had outputs of it, in no particular order. Empty if it is not known.</returns>
    public WorkerId[] Remove(ShuffleId shuffle) => _lists.Remove(shuffle, out var list) ? list.Workers() : [];

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        _lists.Clear();
        _lostAt.Clear();
    }
}
