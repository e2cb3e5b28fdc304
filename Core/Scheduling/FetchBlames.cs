using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>How often in a row each worker was blamed for map outputs that could not be read.</summary>
/// <remarks>Each worker by itself: when several die at about the same time, each of them costs a round or two of repair, and that is nobody's fault but theirs.</remarks>
internal sealed class FetchBlames
{
    private readonly Dictionary<WorkerId, int> _counts = [];

    /// <summary>Counts one more.</summary>
    /// <returns>How often the worker was blamed since the last <see cref="Clear"/>.</returns>
    public int Add(WorkerId worker) => _counts[worker] = _counts.GetValueOrDefault(worker) + 1;

    /// <summary>There was a success.</summary>
    public void Clear() => _counts.Clear();
}
