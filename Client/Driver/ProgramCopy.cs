using Dpark.Workers;

namespace Dpark.Driver;

/// <summary>The bytes of a program that travel with the first launch of it to each worker, whichever job that belongs to. Used by the loop.</summary>
/// <remarks>Whether they have arrived is not asked: a worker that does not have them looks for them in the cluster and reports that they are missing, and then the program is published.</remarks>
internal sealed class ProgramCopy(byte[] bytes)
{
    /// <summary>More than that is fetched once by each worker, beside its launches.</summary>
    public const int MaxBytes = 16 << 10;

    private readonly HashSet<WorkerId> _sentTo = [];

    /// <returns>The bytes, the first time for a worker.</returns>
    public byte[]? TakeFor(WorkerId worker) => _sentTo.Add(worker) ? bytes : null;
}
