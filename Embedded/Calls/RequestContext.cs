using Orleans.Core.Internal;

namespace Orleans.Runtime;

/// <summary>
/// Values that go along with every call that is made here, and with the calls that those make. They flow down, never back; each request gets copies.
/// Belongs to the asynchronous flow of control; keep it small.
/// </summary>
public static class RequestContext
{
    internal static readonly AsyncLocal<Data> Local = new();

    /// <summary>Names the chain of calls that may re-enter activations which opened a section. Empty: none.</summary>
    public static Guid ReentrancyId
    {
        get => Local.Value.ReentrancyId;
        set => Local.Value = Local.Value with { ReentrancyId = value };
    }

    /// <summary>The names of the values.</summary>
    public static IEnumerable<string> Keys => Local.Value.Values?.Keys ?? Enumerable.Empty<string>();

    /// <summary>The values.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Entries => Local.Value.Values ?? [];

    /// <summary>A value; null if there is none.</summary>
    public static object? Get(string key) => Local.Value.Values is { } values && values.TryGetValue(key, out var value) ? value : null;

    /// <summary>Sets a value, which must be one that messages can carry.</summary>
    public static void Set(string key, object value)
    {
        ArgumentNullException.ThrowIfNull(key);
        var data = Local.Value;

        // Whoever took the dictionary before keeps it as it was.
        var values = data.Values is null ? new Dictionary<string, object>(1) : new Dictionary<string, object>(data.Values);
        values[key] = value;
        Local.Value = data with { Values = values };
    }

    /// <summary>Removes a value and tells whether there was one.</summary>
    public static bool Remove(string key)
    {
        var data = Local.Value;
        if (data.Values is null || !data.Values.ContainsKey(key))
        {
            return false;
        }

        var values = new Dictionary<string, object>(data.Values);
        values.Remove(key);
        Local.Value = data with { Values = values.Count == 0 ? null : values };
        return true;
    }

    /// <summary>Removes all values.</summary>
    public static void Clear() => Local.Value = default;

    /// <summary>Until the section is disposed, calls made here and what they call may call back into this activation while it waits for them.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        var before = ReentrancyId;
        var id = before == Guid.Empty ? Guid.NewGuid() : before;
        return new ReentrancySection(before, id);
    }

    /// <summary>Until the section is disposed, calls made here do not re-enter.</summary>
    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    /// <summary>Replaces all values by those of a request.</summary>
    internal static void Import(Dictionary<string, object>? values, Guid reentrancyId)
    {
        if (values is not null || reentrancyId != Guid.Empty)
        {
            Local.Value = new Data(values, reentrancyId);
        }
        else if (Local.Value.Values is not null || Local.Value.ReentrancyId != Guid.Empty)
        {
            Local.Value = default;
        }
    }

    /// <summary>The values of a flow. The dictionary is never changed.</summary>
    internal readonly record struct Data(Dictionary<string, object>? Values, Guid ReentrancyId);

    /// <summary>A part of a method in which calls may, or may not, re-enter.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _before;
        private readonly Guid _entered;

        /// <summary>Opens a section; the second id is current until it is disposed.</summary>
        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            _before = originalReentrancyId;
            _entered = newReentrancyId;
            if (newReentrancyId != Guid.Empty)
            {
                (RuntimeContext.Current as ICallChainReentrantGrainContext)?.OnEnterReentrantSection(newReentrancyId);
            }

            ReentrancyId = newReentrancyId;
        }

        /// <summary>Closes the section.</summary>
        public void Dispose()
        {
            if (_entered != Guid.Empty)
            {
                (RuntimeContext.Current as ICallChainReentrantGrainContext)?.OnExitReentrantSection(_entered);
            }

            ReentrancyId = _before;
        }
    }
}
