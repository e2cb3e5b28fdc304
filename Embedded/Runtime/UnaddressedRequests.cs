namespace Orleans.Runtime;

/// <summary>Requests that wait for the address of a grain that is being asked for. Thread-safe.</summary>
/// <remarks>
/// The first request of a grain asks; those that come meanwhile join it. When the address is known, the asker sends the first, then takes those that joined until there are none. The
/// grain stays here until then, so that what comes while they are being sent joins, too, and overtakes none of them.
/// </remarks>
internal sealed class UnaddressedRequests
{
    private readonly Dictionary<GrainId, List<Message>?> _waiting = [];
    private TaskCompletionSource? _none;

    /// <summary>Whether the address of a grain is being asked for, or requests that waited for it are being sent.</summary>
    public bool Contains(GrainId grain)
    {
        // Without the lock as a rule: most of the time no address is being asked for. Who sent earlier requests of the grain on this thread, or was told so, sees them counted.
        if (_waiting.Count == 0)
        {
            return false;
        }

        lock (_waiting)
        {
            return _waiting.ContainsKey(grain);
        }
    }

    /// <summary>Adds requests of one grain. True: nobody asks for its address, so the caller does, and sends the first of them; the others wait.</summary>
    public bool IsFirst(GrainId grain, params ReadOnlySpan<Message> requests)
    {
        lock (_waiting)
        {
            if (!_waiting.TryGetValue(grain, out var joined))
            {
                _waiting.Add(grain, requests.Length > 1 ? [.. requests[1..]] : null);
                return true;
            }

            if (joined is null)
            {
                _waiting[grain] = [.. requests];
            }
            else
            {
                joined.AddRange(requests);
            }

            return false;
        }
    }

    /// <summary>Takes the requests that have joined so far. None: the grain's address is not asked for any more.</summary>
    public List<Message> TakeJoined(GrainId grain)
    {
        lock (_waiting)
        {
            if (_waiting.GetValueOrDefault(grain) is { } joined)
            {
                _waiting[grain] = null;
                return joined;
            }

            _waiting.Remove(grain);
            if (_waiting.Count == 0)
            {
                _none?.TrySetResult();
                _none = null;
            }

            return [];
        }
    }

    /// <summary>Completes when no request waits.</summary>
    public Task WaitForNoneAsync()
    {
        lock (_waiting)
        {
            return _waiting.Count == 0
                ? Task.CompletedTask
                : (_none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }
}
