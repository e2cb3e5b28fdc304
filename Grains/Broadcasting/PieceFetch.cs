using Dpark.Codecs;
using Dpark.Storage;
using Dpark.Workers;

namespace Dpark.Broadcasting;

/// <summary>Puts content together from its pieces, each from whichever worker has it. Used by one thread, once.</summary>
/// <param name="block">Names the content; pieces are named after it.</param>
/// <param name="content">As it was located first.</param>
/// <param name="onFailed">Told of a worker that cannot be reached, and why.</param>
/// <param name="onProgress">Told which pieces this worker has, now and then and at the end.</param>
internal sealed class PieceFetch(
    WorkerId worker,
    IBlockStore blocks,
    BlockClient client,
    BlockId block,
    BroadcastContent content,
    Action<WorkerId, string> onFailed,
    Action<byte[]> onProgress)
{
    // Others shall find new pieces soon, but a call per piece would be as many calls as blocks.
    private const int PiecesPerNews = 4;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(checked((int)content.Length));
    private readonly bool[] _has = new bool[content.PieceChecksums.Length];
    private readonly byte[] _kept = BroadcastPieces.NewSet(content.PieceChecksums.Length);
    private readonly HashSet<WorkerId> _unreachable = [];
    private readonly HashSet<(WorkerId Worker, int Index)> _useless = [];

    /// <summary>Fetches what is missing.</summary>
    /// <param name="locate">Says again who has what; <see langword="null"/> if it is not published any more.</param>
    /// <returns><see langword="null"/> if pieces are missing that nobody can deliver.</returns>
    public byte[]? Run(Func<BroadcastContent?> locate, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _has.Length; i++)
        {
            TakeOwn(i);
        }

        var current = content;
        var news = 0;
        while (true)
        {
            var progress = 0;
            foreach (var index in Missing())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!TryFetch(current, index, cancellationToken))
                {
                    continue;
                }

                progress++;
                if (++news % PiecesPerNews == 0)
                {
                    onProgress((byte[])_kept.Clone());

                    // Those that fetch at the same time have other pieces by now, and take the load off the first ones.
                    current = locate() ?? current;
                }
            }

            if (Array.TrueForAll(_has, has => has))
            {
                onProgress((byte[])_kept.Clone());
                return _bytes;
            }

            if (progress == 0)
            {
                return null;
            }

            current = locate() ?? current;
        }
    }

    // From a place that differs from worker to worker, so that they do not all fetch the same piece from the same one.
    private IEnumerable<int> Missing()
    {
        var first = (int)((uint)worker.Value.GetHashCode(StringComparison.Ordinal) % (uint)_has.Length);
        for (var i = 0; i < _has.Length; i++)
        {
            var index = (first + i) % _has.Length;
            if (!_has[index])
            {
                yield return index;
            }
        }
    }

    private void TakeOwn(int index)
    {
        try
        {
            using var stream = blocks.TryOpen(BlockOf(index));
            if (stream is null || stream.Length != Target(index).Length)
            {
                return;
            }

            stream.ReadExactly(Target(index).Span);
        }
        catch (IOException)
        {
            // Damaged; another worker has it.
            return;
        }

        if (IsRight(index))
        {
            _has[index] = true;
            BroadcastPieces.Add(_kept, index);
        }
    }

    private bool TryFetch(BroadcastContent current, int index, CancellationToken cancellationToken)
    {
        BroadcastHolder[] holders =
            [.. current.Holders.Where(holder => BroadcastPieces.Has(holder.Pieces, index) && CanAsk(holder.Worker, index))];
        var first = holders.Length > 1 ? (int)((uint)HashCode.Combine(worker.Value, index) % (uint)holders.Length) : 0;
        for (var i = 0; i < holders.Length; i++)
        {
            var holder = holders[(first + i) % holders.Length];
            try
            {
                var target = Target(index);
                client.Read(new(BlockOf(index), holder.Worker, holder.Endpoint, target.Length), cancellationToken).CopyTo(target);
                if (IsRight(index))
                {
                    _has[index] = true;
                    Keep(index);
                    return true;
                }

                _useless.Add((holder.Worker, index));
            }
            catch (BlockNotFoundException)
            {
                // It may still have others.
                _useless.Add((holder.Worker, index));
            }
            catch (IOException e)
            {
                _unreachable.Add(holder.Worker);
                onFailed(holder.Worker, e.Message);
            }
        }

        return false;
    }

    private bool CanAsk(WorkerId holder, int index) => holder != worker && !_unreachable.Contains(holder) && !_useless.Contains((holder, index));

    private void Keep(int index)
    {
        try
        {
            blocks.Put(BlockOf(index), Target(index).ToArray());
            BroadcastPieces.Add(_kept, index);
        }
        catch (IOException)
        {
            // The task has what it needs; only others cannot fetch the piece here.
        }
    }

    private Memory<byte> Target(int index) => _bytes.AsMemory(BroadcastPieces.RangeOf(_bytes.Length, index));

    private bool IsRight(int index) => Crc32C.Of(Target(index).Span) == content.PieceChecksums[index];

    private BlockId BlockOf(int index) => new(block.Application, BroadcastPieces.NameOf(block.Name, index));
}
