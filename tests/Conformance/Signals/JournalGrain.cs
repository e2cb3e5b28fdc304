using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Signals;

/// <summary>What other grains did, in the order of arrival. Tests wait for entries instead of polling.</summary>
[Alias("conformance.IJournalGrain")]
public interface IJournalGrain : IGrainWithStringKey
{
    [Alias("Append")]
    Task AppendAsync(string entry);

    /// <summary>All entries, as soon as there are at least <paramref name="count"/>.</summary>
    [Alias("WaitFor"), ResponseTimeout(Signal.Timeout)]
    Task<List<string>> WaitForAsync(int count);

    /// <summary>All entries, as soon as one of them is <paramref name="entry"/>.</summary>
    [Alias("WaitForEntry"), ResponseTimeout(Signal.Timeout)]
    Task<List<string>> WaitForEntryAsync(string entry);

    [Alias("Read")]
    Task<List<string>> ReadAsync();
}

[GrainType("conformance.journal"), Reentrant, KeepAlive, RandomPlacement]
public sealed class JournalGrain : Grain, IJournalGrain
{
    private readonly List<string> _entries = [];
    private TaskCompletionSource _changed = new();

    public Task AppendAsync(string entry)
    {
        _entries.Add(entry);
        var changed = _changed;
        _changed = new();
        changed.SetResult();
        return Task.CompletedTask;
    }

    public Task<List<string>> WaitForAsync(int count) => WhenAsync(() => _entries.Count >= count);

    public Task<List<string>> WaitForEntryAsync(string entry) => WhenAsync(() => _entries.Contains(entry));

    public Task<List<string>> ReadAsync() => Task.FromResult(_entries);

    private async Task<List<string>> WhenAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await _changed.Task;
        }

        return [.. _entries];
    }
}
