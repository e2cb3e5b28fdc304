using System.Runtime.CompilerServices;

namespace Dpark.Rdds.Actions;

/// <summary>What every action does: prepares the lineage, runs a job, and puts the results of the partitions together in the driver.</summary>
internal static class JobRunner
{
    /// <summary>Runs a job. The results come in the order of <paramref name="partitions"/>.</summary>
    public static async IAsyncEnumerable<PartitionResult<T>> RunAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Lineage.PrepareAsync(rdd, options.CallSite, cancellationToken).ConfigureAwait(false);
        await foreach (var result in rdd.Context.RunJobAsync(rdd, partitions, options, cancellationToken).ConfigureAwait(false))
        {
            yield return result;
        }
    }

    /// <summary>Runs a job on all partitions and keeps every element.</summary>
    public static Task<List<T>> CollectAsync<T>(Rdd<T> rdd, CallSite action, CancellationToken cancellationToken) =>
        CollectAsync(rdd, partitions: null, action, cancellationToken);

    /// <summary>Runs a job on some partitions and keeps every element.</summary>
    public static async Task<List<T>> CollectAsync<T>(
        Rdd<T> rdd, IReadOnlyList<int>? partitions, CallSite action, CancellationToken cancellationToken)
    {
        var elements = new List<T>();
        await foreach (var result in RunAsync(rdd, partitions, new JobOptions(action), cancellationToken).ConfigureAwait(false))
        {
            if (result.TryAddTo(elements))
            {
                continue;
            }

            await foreach (var batch in result.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                elements.AddRange(batch.Span);
            }
        }

        return elements;
    }
}
