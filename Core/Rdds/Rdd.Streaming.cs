using System.Runtime.CompilerServices;
using Dpark.Rdds.Actions;

namespace Dpark.Rdds;

// Streaming: the elements one after the other, without ever holding all of them.
public abstract partial class Rdd<T> : IAsyncEnumerable<T>
{
    /// <summary>Runs a job and streams its elements in order. Leaving the loop early cancels the job.</summary>
    /// <remarks>As <see cref="StreamAsync"/> with its default. A cancelled enumeration throws <see cref="OperationCanceledException"/>.</remarks>
    /// <example><code>await foreach (var line in lines) { ... }</code></example>
    public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        EnumerateAsync(new JobOptions(new CallSite("await foreach", CallSite.FilePath, CallSite.Line), DefaultWindow), cancellationToken)
            .GetAsyncEnumerator(cancellationToken);

    /// <summary>Runs a job when it is enumerated, and streams its elements in order. Leaving the enumeration early cancels the job.</summary>
    /// <param name="maxConcurrentPartitions">
    /// Most partitions that are computed or kept before they are taken: back-pressure, if the driver is slower than the workers. <see langword="null"/>: twice
    /// <see cref="IRddContext.DefaultParallelism"/>.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxConcurrentPartitions"/> is less than 1.</exception>
    public IAsyncEnumerable<T> StreamAsync(
        int? maxConcurrentPartitions = null,
        CancellationToken cancellationToken = default,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var window = maxConcurrentPartitions ?? DefaultWindow;
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1, nameof(maxConcurrentPartitions));
        return EnumerateAsync(new JobOptions(ActionSite<T>(nameof(StreamAsync), file, line), window), cancellationToken);
    }

    private int DefaultWindow => 2 * Context.DefaultParallelism;

    private async IAsyncEnumerable<T> EnumerateAsync(JobOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var result in JobRunner.RunAsync(this, partitions: null, options, cancellationToken).ConfigureAwait(false))
        {
            await foreach (var batch in result.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                for (var i = 0; i < batch.Length; i++)
                {
                    yield return batch.Span[i];
                }
            }
        }
    }
}
