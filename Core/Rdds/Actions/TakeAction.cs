namespace Dpark.Rdds.Actions;

/// <summary>Takes the first elements with as little computing as a few rounds allow.</summary>
internal static class TakeAction
{
    public static async Task<T[]> RunAsync<T>(Rdd<T> rdd, int count, CallSite action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var taken = new List<T>();
        if (count == 0)
        {
            return [];
        }

        var head = new HeadRdd<T>(rdd, count, action);
        await Lineage.PrepareAsync(head, action, cancellationToken).ConfigureAwait(false);
        var partitionCount = head.Partitions.Count;
        var step = 1;
        for (var scanned = 0; scanned < partitionCount && taken.Count < count;)
        {
            step = Math.Min(step, partitionCount - scanned);
            var found = taken.Count;
            await AddRoundAsync(head, scanned, step, taken, count, action, cancellationToken).ConfigureAwait(false);
            found = taken.Count - found;
            scanned += step;

            // Twice as many, unless what was found so far says that fewer will do.
            var needed = taken.Count == 0 ? int.MaxValue : (int)Math.Ceiling((count - taken.Count) * (double)scanned / taken.Count);
            step = found > 0 ? Math.Max(1, Math.Min(2 * step, needed)) : 2 * step;
        }

        return [.. taken];
    }

    private static async Task AddRoundAsync<T>(
        HeadRdd<T> head, int start, int step, List<T> taken, int count, CallSite action, CancellationToken cancellationToken)
    {
        int[] partitions = [.. Enumerable.Range(start, step)];
        await foreach (var result in JobRunner.RunAsync(head, partitions, new JobOptions(action), cancellationToken).ConfigureAwait(false))
        {
            await foreach (var batch in result.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                taken.AddRange(batch.Span[..Math.Min(batch.Length, count - taken.Count)]);
            }

            // What the later partitions have is not wanted; leaving the loop cancels them.
            if (taken.Count == count)
            {
                return;
            }
        }
    }
}
