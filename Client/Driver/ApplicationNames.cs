using System.Collections.Concurrent;
using Dpark.Applications;

namespace Dpark.Driver;

/// <summary>The names that this driver has set in its application's environment. Thread-safe.</summary>
/// <remarks>The grain keeps them in memory only, so an activation that was lost takes them with it; the driver sets them again when it renews its lease.</remarks>
internal sealed class ApplicationNames(IApplicationGrain grain)
{
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);

    public async Task RegisterAsync(string name, string value, CancellationToken cancellationToken)
    {
        await grain.RegisterAsync(name, value, cancellationToken).ConfigureAwait(false);
        _names[name] = value;
    }

    /// <summary>Sets the names again that the grain has no more. A value that somebody else has changed stays.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        if (_names.IsEmpty)
        {
            return;
        }

        var known = await grain.SnapshotAsync(cancellationToken).ConfigureAwait(false);
        foreach (var (name, value) in _names)
        {
            if (!known.ContainsKey(name))
            {
                await grain.RegisterAsync(name, value, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
