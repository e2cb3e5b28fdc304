using System.Collections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Utilities;

/// <summary>The observers of a grain. One that fails or is not renewed in time is removed. For the turns of one activation.</summary>
public class ObserverManager<TIdentity, TObserver> : IEnumerable<TObserver>
    where TIdentity : notnull
{
    private readonly Dictionary<TIdentity, (TObserver Observer, DateTime LastSeen)> _observers = [];
    private readonly ILogger _log;

    /// <summary>A set whose members stay for a time after they subscribed.</summary>
    public ObserverManager(TimeSpan expiration, ILogger log)
    {
        ExpirationDuration = expiration;
        _log = log;
    }

    /// <summary>The clock, in UTC.</summary>
    public Func<DateTime> GetDateTime { get; set; } = static () => TimeProvider.System.GetUtcNow().UtcDateTime;

    /// <summary>How long a member stays that does not subscribe again.</summary>
    public TimeSpan ExpirationDuration { get; set; }

    /// <summary>How many members there are, expired ones included.</summary>
    public int Count => _observers.Count;

    /// <summary>The members.</summary>
    public IReadOnlyDictionary<TIdentity, TObserver> Observers => _observers.ToDictionary(pair => pair.Key, pair => pair.Value.Observer);

    /// <summary>Removes all.</summary>
    public void Clear() => _observers.Clear();

    /// <summary>Adds or renews a member.</summary>
    public void Subscribe(TIdentity id, TObserver observer) => _observers[id] = (observer, GetDateTime());

    /// <summary>Removes a member.</summary>
    public void Unsubscribe(TIdentity id) => _observers.Remove(id);

    /// <summary>Calls all members at once; those whose call fails are removed.</summary>
    public async Task Notify(Func<TObserver, Task> notification, Func<TObserver, bool>? predicate = null)
    {
        ArgumentNullException.ThrowIfNull(notification);
        var calls = new List<(TIdentity Id, Task Call)>();
        foreach (var (id, observer) in Current(predicate))
        {
            calls.Add((id, Start(notification, observer)));
        }

        foreach (var (id, call) in calls)
        {
            try
            {
                await call;
            }
            catch (Exception exception)
            {
                Drop(id, exception);
            }
        }
    }

    /// <summary>Calls all members one-way; those whose call fails at once are removed.</summary>
    public void Notify(Action<TObserver> notification, Func<TObserver, bool>? predicate = null)
    {
        ArgumentNullException.ThrowIfNull(notification);
        foreach (var (id, observer) in Current(predicate))
        {
            try
            {
                notification(observer);
            }
            catch (Exception exception)
            {
                Drop(id, exception);
            }
        }
    }

    /// <summary>Removes members that were not renewed in time.</summary>
    public void ClearExpired()
    {
        var limit = GetDateTime() - ExpirationDuration;
        foreach (var id in _observers.Where(pair => pair.Value.LastSeen < limit).Select(pair => pair.Key).ToList())
        {
            _observers.Remove(id);
        }
    }

    /// <inheritdoc/>
    public IEnumerator<TObserver> GetEnumerator() => _observers.Values.Select(entry => entry.Observer).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static async Task Start(Func<TObserver, Task> notification, TObserver observer) => await notification(observer);

    private List<(TIdentity Id, TObserver Observer)> Current(Func<TObserver, bool>? predicate)
    {
        ClearExpired();
        return [.. _observers
            .Where(pair => predicate is null || predicate(pair.Value.Observer))
            .Select(pair => (pair.Key, pair.Value.Observer))];
    }

    private void Drop(TIdentity id, Exception exception)
    {
        _observers.Remove(id);
        ObserverLog.Dropped(_log, id.ToString() ?? "", exception);
    }
}

/// <summary>Observers by their references.</summary>
public class ObserverManager<TObserver>(TimeSpan expiration, ILogger log) : ObserverManager<IAddressable, TObserver>(expiration, log);

internal static partial class ObserverLog
{
    [LoggerMessage(LogLevel.Debug, "Observer {Observer} failed and is removed.")]
    public static partial void Dropped(ILogger logger, string observer, Exception exception);
}
