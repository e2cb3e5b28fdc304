using System.Runtime.CompilerServices;
using Dpark.Broadcasting;

namespace Dpark;

// Values that are sent to each worker once.
public sealed partial class DparkContext
{
    /// <summary>Makes a value that lambdas may capture and that each worker is sent once, when the first job needs it there. Checked and encoded at once.</summary>
    /// <param name="value">Anything that a lambda could capture. Must not be changed afterwards.</param>
    /// <returns>To be captured instead of the value, and disposed when no job needs it any more.</returns>
    /// <example><code>
    /// await using var table = dpark.Broadcast(codes);
    /// var known = await visits.Filter(visit => table.Value.ContainsKey(visit.Code)).CountAsync();
    /// </code></example>
    /// <exception cref="ArgumentNullException">The value is <see langword="null"/>.</exception>
    /// <exception cref="Closures.ClosureException">It holds something that cannot travel; the message names it with its path.</exception>
    public Broadcast<T> Broadcast<T>(T value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(value);
        ThrowIfDisposed();
        return _session.Broadcasts.Add(value, new Rdds.CallSite(nameof(Broadcast), file, line));
    }
}
