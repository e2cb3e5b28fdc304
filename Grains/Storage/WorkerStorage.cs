using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Shuffle;

namespace Dpark.Storage;

/// <summary>Everything that one worker keeps in its work directories, and blocks in memory. Thread-safe.</summary>
internal sealed class WorkerStorage
{
    private readonly IReadOnlyList<string> _directories;

    /// <param name="directories">The work directories of the worker, main one first, at least one.</param>
    /// <param name="quota">What may be written below each.</param>
    /// <param name="memory">What all of it shares with tasks.</param>
    public WorkerStorage(IReadOnlyList<string> directories, BlockStoreOptions options, ShuffleOptions shuffle, DiskQuota quota, WorkerMemory memory)
    {
        _directories = directories;
        MapOutputs = new(directories, quota, shuffle.MaxMemoryBytes, memory);
        Disk = new DiskBlockStore(directories, quota);
        Blocks = new MemoryBlockStore(options.MaxMemoryBytes, Disk, memory);
        Memory = memory;
    }

    public WorkerMemory Memory { get; }

    public MapOutputFiles MapOutputs { get; }

    /// <summary>All blocks of the worker.</summary>
    public IBlockStore Blocks { get; }

    /// <summary>Those of them that are not in memory.</summary>
    public IBlockStore Disk { get; }

    /// <summary>Deletes everything of an application. What a task of it still writes at this moment may stay, so it is called again later.</summary>
    public void DeleteApplication(AppId application)
    {
        MapOutputs.DeleteApplication(application);
        Blocks.DeleteApplication(application);
        new WorkFiles(_directories).Delete(WorkFiles.NameOf(application));
    }
}
