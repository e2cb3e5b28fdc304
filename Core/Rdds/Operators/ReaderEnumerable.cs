using System.Collections;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>Shows a partition to the user's function as a sequence, which can be enumerated once. Each batch is copied, because the function may pull the next one lazily.</summary>
/// <remarks>Does not own the reader.</remarks>
internal sealed class ReaderEnumerable<T>(OperatorSource<T> source, CallSite callSite, CancellationToken cancellationToken) : IEnumerable<T>, IEnumerator<T>
{
    private T[] _batch = [];
    private int _next;
    private int _count;
    private bool _isTaken;
    private T _current = default!;

    public T Current => _current;

    object? IEnumerator.Current => _current;

    public IEnumerator<T> GetEnumerator()
    {
        if (_isTaken)
        {
            throw new InvalidOperationException(
                $"The function of {callSite} enumerates its partition twice. A partition is a stream; copy it to a list if it is needed again.");
        }

        _isTaken = true;
        return this;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public bool MoveNext()
    {
        if (_next == _count && !Fill())
        {
            _current = default!;
            return false;
        }

        cancellationToken.ThrowIfCancellationRequested();
        _current = _batch[_next++];
        return true;
    }

    public void Reset() => throw new NotSupportedException($"The function of {callSite} resets its partition. A partition is a stream; copy it to a list if it is needed again.");

    public void Dispose()
    {
    }

    private bool Fill()
    {
        var batch = source();
        if (_batch.Length < batch.Length)
        {
            _batch = new T[batch.Length];
        }

        batch.CopyTo(_batch);
        BorrowedBytes<T>.KeepAll(_batch.AsSpan(0, batch.Length));
        _next = 0;
        _count = batch.Length;
        return _count > 0;
    }
}

/// <summary>Pulls the next batch; empty at the end.</summary>
internal delegate ReadOnlySpan<T> OperatorSource<T>();
