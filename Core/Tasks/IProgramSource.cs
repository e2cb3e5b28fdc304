using Dpark.Applications;
using Dpark.Rdds;

namespace Dpark.Tasks;

/// <summary>The stage programs of a worker: fetched once, prepared once, kept while their application lives. Thread-safe.</summary>
public interface IProgramSource
{
    /// <summary>
    /// The program, fetched and prepared if it is not there yet. Blocks the calling thread; threads that ask for the same one at once wait for one
    /// fetch.
    /// </summary>
    /// <exception cref="MissingInputException">Neither this worker nor the cluster has the program or an assembly that it needs.</exception>
    IStageProgramFactory GetOrFetch(AppId application, StageProgramId program, CancellationToken cancellationToken);
}

/// <summary>One stage program, ready to be run many times. Thread-safe.</summary>
public interface IStageProgramFactory
{
    /// <summary>A fresh copy, for one attempt alone.</summary>
    StageProgram Create();

    /// <summary>Reads what <see cref="TaskLaunch.Partition"/> holds.</summary>
    Partition ReadPartition(byte[] bytes);

    /// <summary>Fetches and reads what <see cref="TaskLaunch.PartitionHash"/> names.</summary>
    /// <exception cref="MissingInputException">Nobody has it.</exception>
    Partition FetchPartition(string hash);
}
