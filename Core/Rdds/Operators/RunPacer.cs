using System.Diagnostics;

namespace Dpark.Rdds.Operators;

/// <summary>
/// Cuts a batch into runs of elements such that a cancellation is noticed within a tenth of a second or one element, however slow the user's function is.
/// A fast function soon gets whole batches, so this costs one timestamp per batch.
/// </summary>
internal struct RunPacer(CancellationToken cancellationToken)
{
    private static readonly long Fast = Stopwatch.Frequency / 50;
    private static readonly long Slow = Stopwatch.Frequency / 10;

    private long _last;
    private int _run;

    /// <summary>Where the run that begins at <paramref name="start"/> ends.</summary>
    /// <param name="count">Elements of the batch; more than <paramref name="start"/>.</param>
    /// <exception cref="OperationCanceledException">The attempt was cancelled.</exception>
    public int EndOfRun(int start, int count)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = Stopwatch.GetTimestamp();
        var elapsed = now - _last;
        _last = now;
        if (_run == 0)
        {
            _run = 1;
        }
        else if (elapsed < Fast)
        {
            _run = Math.Min(_run * 2, BatchReader.Capacity);
        }
        else if (elapsed > Slow)
        {
            _run = Math.Max(_run / 4, 1);
        }

        return Math.Min(start + _run, count);
    }
}
