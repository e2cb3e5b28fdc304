using Dpark.Applications;

namespace Dpark.Shuffle;

/// <summary>The map outputs of one worker: <c>{directory}/{application}/{shuffle}/map-{index}.{attempt}</c>. Read by its tasks and its block server. Thread-safe.</summary>
/// <param name="directories">The work directories of this worker, main one first, at least one. They are made when they are first used.</param>
public sealed class MapOutputFiles(IReadOnlyList<string> directories)
{
    /// <summary>Deletes the map outputs of a shuffle. Tasks that are reading go on.</summary>
    public void DeleteShuffle(ShuffleId shuffle) => throw new NotImplementedException();

    /// <summary>Deletes all map outputs and spill files of an application. Tasks that are reading go on.</summary>
    public void DeleteApplication(AppId application) => throw new NotImplementedException(directories.ToString());
}
