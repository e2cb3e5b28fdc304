using System.Globalization;
using Orleans.Placement;

namespace Orleans.Storage;

[GrainType("sys.memory-storage"), PreferLocalPlacement, KeepAlive]
internal sealed class MemoryStateGrain : Grain, IMemoryStateGrain
{
    private readonly Dictionary<string, MemoryState> _states = [];
    private long _lastETag;

    public Task<MemoryState?> ReadAsync(string key) => Task.FromResult(_states.GetValueOrDefault(key));

    public Task<MemoryStateChange> WriteAsync(string key, byte[] data, string? etag)
    {
        var current = _states.GetValueOrDefault(key)?.ETag;
        if (current != etag)
        {
            return Task.FromResult(new MemoryStateChange(false, current));
        }

        var next = (++_lastETag).ToString(CultureInfo.InvariantCulture);
        _states[key] = new MemoryState(data, next);
        return Task.FromResult(new MemoryStateChange(true, next));
    }

    public Task<MemoryStateChange> DeleteAsync(string key, string? etag)
    {
        var current = _states.GetValueOrDefault(key)?.ETag;
        if (current != etag)
        {
            return Task.FromResult(new MemoryStateChange(false, current));
        }

        _states.Remove(key);
        return Task.FromResult(new MemoryStateChange(true, null));
    }
}
