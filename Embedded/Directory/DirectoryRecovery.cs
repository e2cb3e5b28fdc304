namespace Orleans.Runtime.GrainDirectory;

/// <summary>Ranges that a silo has come to own and whose entries it does not know yet.</summary>
internal sealed class DirectoryRecovery(List<HashRange> ranges, DirectoryView view)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<HashRange> Ranges { get; } = ranges;

    /// <summary>The view that gave the ranges to this silo.</summary>
    public DirectoryView View { get; } = view;

    /// <summary>Completes when the entries are known. Never fails.</summary>
    public Task Done => _done.Task;

    public bool Contains(uint hash)
    {
        foreach (var range in Ranges)
        {
            if (range.Contains(hash))
            {
                return true;
            }
        }

        return false;
    }

    public void Complete() => _done.TrySetResult();
}
