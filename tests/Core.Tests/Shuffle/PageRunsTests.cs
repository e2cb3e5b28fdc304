using Dpark.TestKit;

namespace Dpark.Shuffle;

/// <summary>Which parts of large pages are handed out, and when a page goes back.</summary>
public sealed class PageRunsTests : IDisposable
{
    private const int Kibi = 1 << 10;
    private const int Mebi = 1 << 20;
    private const int Piece = 32 * Kibi;

    private readonly PagePool _pool = new(16 * Mebi, new ManualTimeProvider());
    private readonly PageRuns _runs;

    public PageRunsTests() => _runs = new PageRuns(_pool);

    public void Dispose() => _pool.Drop(long.MaxValue);

    [Theory]
    [InlineData(1, Piece)]
    [InlineData(Piece, Piece)]
    [InlineData(Piece + 1, 2 * Piece)]
    [InlineData(825_000, 26 * Piece)]
    [InlineData((2 * Mebi) - 1, 2 * Mebi)]
    [InlineData(2 * Mebi, 2 * Mebi)]
    public void Part_Bytes_TakesWholePieces(int bytes, int length)
    {
        using var part = PageMemory.Part(bytes);

        Assert.Equal((nuint)length, PageRuns.LengthFor((nuint)bytes));
        Assert.Equal(length, part.Taken);
        Assert.Equal(bytes, part.Length);
    }

    [Theory]
    [InlineData(1, 64)]
    [InlineData(2, 32)]
    [InlineData(3, 21)]
    [InlineData(26, 2)]
    [InlineData(33, 1)]
    [InlineData(64, 1)]
    public void Rent_SoManyPieces_FillsAPageBeforeTheNext(int pieces, int perPage)
    {
        var runs = Enumerable.Range(0, perPage).Select(_ => Rent(pieces)).ToArray();
        Assert.Equal(2 * Mebi, _pool.RentedBytes);

        var next = Rent(pieces);

        Assert.Equal(4 * Mebi, _pool.RentedBytes);
        Assert.Equal(runs.Select(run => run - runs[0]), Enumerable.Range(0, perPage).Select(i => (nint)i * pieces * Piece));
        Return(next, pieces);
        Array.ForEach(runs, run => Return(run, pieces));
    }

    [Fact]
    public void Rent_GapBetweenOthers_IsTakenIfItIsLongEnough()
    {
        var (first, gap, last) = (Rent(20), Rent(10), Rent(30));
        Return(gap, 10);

        // Ten pieces are free there, and four behind all.
        var (tooLong, fits, behind) = (Rent(11), Rent(7), Rent(4));

        Assert.True(tooLong < first || tooLong >= first + (2 * Mebi));
        Assert.Equal(gap, fits);
        Assert.Equal(last + (30 * Piece), behind);
        Assert.Equal(gap + (7 * Piece), Rent(3));
    }

    [Fact]
    public void Return_LastRunOfAPage_GivesThePageBack()
    {
        var (first, second) = (Rent(3), Rent(5));

        Return(first, 3);
        Assert.Equal((2 * Mebi, 0), (_pool.RentedBytes, _pool.WaitingBytes));
        Return(second, 5);

        Assert.Equal((0, 2 * Mebi), (_pool.RentedBytes, _pool.WaitingBytes));
    }

    [Fact]
    public async Task RentAndReturn_ManyThreads_NoPieceIsHandedOutTwice()
    {
        var threads = Enumerable.Range(0, 4).Select(number => Task.Factory.StartNew(() => UseRuns(number), TaskCreationOptions.LongRunning));

        var damaged = await Task.WhenAll(threads).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal([0, 0, 0, 0], damaged);
        Assert.Equal(0, _pool.RentedBytes);
    }

    // Each thread keeps a few runs of different lengths and looks at the oldest one before it returns it.
    private unsafe int UseRuns(int number)
    {
        var damaged = 0;
        var random = new Random(number);
        var kept = new Queue<(nint Run, int Pieces)>();
        for (var i = 0; i < 3_000; i++)
        {
            var pieces = random.Next(1, 30);
            var run = Rent(pieces);
            new Span<byte>((void*)run, pieces * Piece).Fill((byte)(number + 1));
            kept.Enqueue((run, pieces));
            while (kept.Count > (i < 2_999 ? 4 : 0))
            {
                var (oldest, length) = kept.Dequeue();
                damaged += new Span<byte>((void*)oldest, length * Piece).ContainsAnyExcept((byte)(number + 1)) ? 1 : 0;
                Return(oldest, length);
            }
        }

        return damaged;
    }

    private unsafe nint Rent(int pieces) => (nint)_runs.Rent((nuint)(pieces * Piece));

    private unsafe void Return(nint run, int pieces) => _runs.Return((void*)run, (nuint)(pieces * Piece));
}
