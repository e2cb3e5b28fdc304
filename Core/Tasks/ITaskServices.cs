using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Memory;
using Dpark.Shuffle;
using Dpark.Storage;

namespace Dpark.Tasks;

/// <summary>What the executor needs of its worker beside the programs. Thread-safe.</summary>
public interface ITaskServices
{
    /// <summary>Given to every attempt.</summary>
    IShuffleStore Shuffle { get; }

    /// <summary>Given to every attempt.</summary>
    IPartitionCache Cache { get; }

    /// <summary>Given to every attempt.</summary>
    IBroadcastSource Broadcasts { get; }

    /// <summary>What all attempts share.</summary>
    WorkerMemory Memory { get; }

    /// <summary>Keeps a result that is too large to travel with the report. Called on the attempt's thread; may block.</summary>
    /// <returns>Where the driver can stream it from until the application ends.</returns>
    /// <exception cref="IOException">It could not be kept; the attempt fails.</exception>
    BlockLocation StoreResult(TaskAttemptId attempt, ReadOnlyMemory<byte> records);

    /// <summary>Serializes an exception of user code like a closure, so that the driver can throw it again.</summary>
    /// <returns><see langword="null"/> if it cannot travel. Whatever this throws is taken as that.</returns>
    byte[]? TryEncodeException(AppId application, Exception exception);
}
