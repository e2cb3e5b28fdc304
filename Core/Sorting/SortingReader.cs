using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>
/// Reads elements to their end and gives them in order. What does not fit into memory is spilled as sorted runs, and merged with the rest when it is read. Used by
/// the task's thread.
/// </summary>
/// <param name="openSource">Opens the elements, with the arena for their texts and slices; disposed with the reader.</param>
/// <param name="measure">About how many elements there are, and their bytes; <see langword="null"/> if that is not known.</param>
/// <param name="spill">Writes a sorted run, and opens it again from the start if a disk fails; <see langword="null"/> keeps everything in memory.</param>
internal sealed class SortingReader<T, TKey>(
    Func<ByteArena, BatchReader<(long Key, T Value)>> openSource, Func<(long Count, long Bytes)>? measure, SortOrder<T, TKey> order,
    Func<Func<BatchReader<(long Key, T Value)>>, SpillFile>? spill, ShuffleOptions options, TaskContext context) : BatchReader<T>
{
    private readonly SortBuffer<T, TKey> _buffer = new(
        order, context.Memory.Claim("sorting", spill is null ? long.MaxValue : options.SpillThresholdBytes), context.CancellationToken);
    private RunFiles? _runs;
    private BatchReader<(long Key, T Value)>? _source;
    private BatchReader<T>? _result;
    private bool _isDisposed;

    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        _result ??= Sort();
        return _result.Next();
    }

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _source?.Dispose();
            _result?.Dispose();
            _buffer.Dispose();
            _runs?.Dispose();
        }

        base.Dispose(disposing);
    }

    private BatchReader<T> Sort()
    {
        if (measure is not null)
        {
            var (count, bytes) = measure();
            _buffer.Reserve(count, bytes);
        }

        _source = openSource(_buffer.Arena);
        for (var batch = _source.Next(); !batch.IsEmpty; batch = _source.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            _buffer.Add(batch);
            if (spill is not null && _buffer.IsFull)
            {
                Spill(spill);
            }
        }

        _source.Dispose();
        _buffer.Sort();
        context.CancellationToken.ThrowIfCancellationRequested();
        if (_runs is null)
        {
            return _buffer.Open();
        }

        _runs.Complete();
        return new Untagged(new SortMerger<T, TKey>(order, [.. _runs.Files.Select(Open), _ => _buffer.OpenTagged()]));
    }

    private void Spill(Func<Func<BatchReader<(long Key, T Value)>>, SpillFile> write)
    {
        _runs ??= new(options.MaxMergeWidth, runs => write(() => new SortMerger<T, TKey>(order, [.. runs.Select(Open)])));
        _buffer.Sort();
        _runs.Add(write(_buffer.OpenTagged));
        _buffer.Clear();
    }

    private static Func<ByteArena, BatchReader<(long Key, T Value)>> Open(SpillFile run) => arena => new BucketReader<(long Key, T Value)>(run.Open(0), arena);

    /// <summary>The elements of pairs.</summary>
    private sealed class Untagged(BatchReader<(long Key, T Value)> source) : BatchReader<T>
    {
        private readonly T[] _output = new T[BatchReader.Capacity];

        public override ReadOnlySpan<T> Next()
        {
            var pairs = source.Next();
            for (var i = 0; i < pairs.Length; i++)
            {
                _output[i] = pairs[i].Value;
            }

            return _output.AsSpan(0, pairs.Length);
        }

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            base.Dispose(disposing);
        }
    }
}
