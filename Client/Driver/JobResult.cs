using System.Runtime.CompilerServices;
using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Storage;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>One result on its way to the caller: in the report, or as a block on its worker.</summary>
/// <remarks>
/// A block that is gone, because its worker died after the task had ended, is computed again, as long as the caller has seen nothing of it. Blocks up to
/// <see cref="MaxWholeBytes"/> are read as a whole before their first element is given out, so only a larger one can be lost half-way.
/// </remarks>
/// <param name="recompute">Runs a job for this partition alone; <see langword="null"/> if that was done too often.</param>
internal sealed class JobResult<T>(
    int partition, TaskReport report, BlockClient blocks, RunningJob job, Func<int, CancellationToken, IAsyncEnumerable<PartitionResult<T>>?> recompute) : PartitionResult<T>
{
    /// <summary>16 MiB.</summary>
    public const long MaxWholeBytes = 16 << 20;

    public override int PartitionIndex => partition;

    public override bool TryAddTo(List<T> elements)
    {
        if (report.Result is not { } bytes)
        {
            return false;
        }

        using var reader = RecordBlock.Open<T>(bytes);
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            elements.AddRange(batch);
        }

        return true;
    }

    public override async IAsyncEnumerable<ReadOnlyMemory<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (report.Result is { } bytes)
        {
            foreach (var batch in Decode(bytes, cancellationToken))
            {
                yield return batch;
            }

            yield break;
        }

        var block = report.ResultBlock!;
        var isGiven = false;
        await using var batches = ReadBlockAsync(block, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            IOException? lost = null;
            try
            {
                if (!await batches.MoveNextAsync().ConfigureAwait(false))
                {
                    break;
                }
            }
            catch (IOException e)
            {
                lost = e;
            }

            if (lost is not null)
            {
                if (isGiven || recompute(partition, cancellationToken) is not { } again)
                {
                    throw Unreadable(block, lost);
                }

                await foreach (var batch in ReadAllAsync(again, cancellationToken).ConfigureAwait(false))
                {
                    yield return batch;
                }

                yield break;
            }

            isGiven = true;
            yield return batches.Current;
        }

        _ = DeleteAsync(blocks, block);
    }

    /// <summary>Deletes blocks of results that nobody will read. Those that cannot be deleted go with the application.</summary>
    public static void Discard(IEnumerable<TaskReport> reports, BlockClient blocks)
    {
        foreach (var report in reports)
        {
            if (report.ResultBlock is { } block)
            {
                _ = DeleteAsync(blocks, block);
            }
        }
    }

    private static async Task DeleteAsync(BlockClient blocks, BlockLocation block)
    {
        try
        {
            await blocks.DeleteAsync(block.Worker, block.Endpoint, block.Block, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It goes with the application.
        }
    }

    private static IEnumerable<ReadOnlyMemory<T>> Decode(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var reader = RecordBlock.Open<T>(bytes);
        while (NextBatch(reader) is { Length: > 0 } batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return batch;
        }
    }

    private static T[] NextBatch(BatchReader<T> reader) => reader.Next().ToArray();

    private async IAsyncEnumerable<ReadOnlyMemory<T>> ReadBlockAsync(BlockLocation block, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (block.Length <= MaxWholeBytes)
        {
            var bytes = await blocks.ReadAsync(block, cancellationToken).ConfigureAwait(false);
            foreach (var batch in Decode(bytes, cancellationToken))
            {
                yield return batch;
            }

            yield break;
        }

        await using var stream = await blocks.OpenAsync(block, cancellationToken).ConfigureAwait(false);
        await foreach (var batch in RecordBlock.ReadAsync<T>(stream, block.Length, cancellationToken).ConfigureAwait(false))
        {
            yield return batch;
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<T>> ReadAllAsync(
        IAsyncEnumerable<PartitionResult<T>> results, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var result in results.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            await foreach (var batch in result.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return batch;
            }
        }
    }

    private JobFailedException Unreadable(BlockLocation block, IOException cause) => new(
        $"{job} could not read the result of partition {partition}: {block.Block} of {block.Length} bytes on {block.Worker}. {cause.Message} " +
        $"Results up to {MaxWholeBytes} bytes are computed again, a few times; use more partitions, or run the job again.",
        job.Id,
        job.Options.CallSite,
        cause)
    {
        Attempt = report.Attempt,
        Worker = block.Worker,
    };
}
