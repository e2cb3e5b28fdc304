using Dpark.TestKit;

namespace Dpark.Shuffle;

/// <summary>Which blocks of memory wait for the next one who asks, and when they go.</summary>
public sealed class PagePoolTests : IDisposable
{
    private const int Kibi = 1 << 10;
    private const int Mebi = 1 << 20;

    private readonly ManualTimeProvider _clock = new();
    private readonly PagePool _pool;

    public PagePoolTests() => _pool = new PagePool(8 * Mebi, _clock);

    public void Dispose() => _pool.Drop(long.MaxValue);

    [Theory]
    [InlineData(1, 1)]
    [InlineData((64 * Kibi) - 1, (64 * Kibi) - 1)]
    [InlineData(64 * Kibi, 64 * Kibi)]
    [InlineData((64 * Kibi) + 1, 68 * Kibi)]
    [InlineData(200_000, 200 * Kibi)]
    [InlineData((512 * Kibi) - 1, 512 * Kibi)]
    [InlineData(512 * Kibi, 2 * Mebi)]
    [InlineData(2 * Mebi, 2 * Mebi)]
    [InlineData((2 * Mebi) + 1, (2 * Mebi) + (128 * Kibi))]
    [InlineData(33 * Mebi, 34 * Mebi)]
    public void LengthFor_Bytes_IsOneOfFewLengthsThatAreNotMuchLonger(int bytes, int length)
    {
        Assert.Equal((nuint)length, PagePool.LengthFor((nuint)bytes));
        Assert.Equal(length, PageMemory.TakenFor(bytes));
    }

    [Fact]
    public unsafe void Rent_BlockOfTheLengthWaits_IsHandedOutAgain()
    {
        var block = _pool.Rent(2 * Mebi);
        _pool.Return(block, 2 * Mebi);
        Assert.Equal(2 * Mebi, _pool.WaitingBytes);

        var again = _pool.Rent(2 * Mebi);
        var other = _pool.Rent(2 * Mebi);

        Assert.True(again == block);
        Assert.True(other != block);
        Assert.Equal(0, _pool.WaitingBytes);
        _pool.Return(again, 2 * Mebi);
        _pool.Return(other, 2 * Mebi);
    }

    [Fact]
    public unsafe void Rent_OnlyBlocksOfOtherLengthsWait_LeavesThem()
    {
        _pool.Return(_pool.Rent(2 * Mebi), 2 * Mebi);

        var block = _pool.Rent(64 * Kibi);

        Assert.Equal(2 * Mebi, _pool.WaitingBytes);
        _pool.Return(block, 64 * Kibi);
    }

    [Fact]
    public unsafe void Rent_LargeBlock_IsAlignedAndAllOfItCanBeWritten()
    {
        var block = _pool.Rent(4 * Mebi);

        new Span<byte>(block, 4 * Mebi).Fill(0xAB);

        Assert.Equal((nuint)0, (nuint)block % (2 * Mebi));
        _pool.Return(block, 4 * Mebi);
    }

    [Theory]
    [InlineData(64 * Kibi)]
    [InlineData(200 * Kibi)]
    [InlineData(2 * Mebi)]
    [InlineData(34 * Mebi)]
    public unsafe void Take_BlocksOfPages_AreApartAndGoOneByOne(int length)
    {
        void*[] blocks = [SystemPages.Take((nuint)length), SystemPages.Take((nuint)length), SystemPages.Take((nuint)length)];
        for (var i = 0; i < blocks.Length; i++)
        {
            new Span<byte>(blocks[i], length).Fill((byte)(i + 1));
        }

        SystemPages.Free(blocks[1], (nuint)length);

        Assert.Equal(-1, new Span<byte>(blocks[0], length).IndexOfAnyExcept((byte)1));
        Assert.Equal(-1, new Span<byte>(blocks[2], length).IndexOfAnyExcept((byte)3));
        SystemPages.Free(blocks[0], (nuint)length);
        SystemPages.Free(blocks[2], (nuint)length);
    }

    [Fact]
    public unsafe void Return_MoreThanMayWait_OldestGo()
    {
        void*[] blocks = [_pool.Rent(2 * Mebi), _pool.Rent(4 * Mebi), _pool.Rent(4 * Mebi)];
        _pool.Return(blocks[0], 2 * Mebi);
        _pool.Return(blocks[1], 4 * Mebi);
        _pool.Return(blocks[2], 4 * Mebi);

        Assert.Equal(8 * Mebi, _pool.WaitingBytes);
        Assert.True(_pool.Rent(4 * Mebi) == blocks[2]);
        Assert.True(_pool.Rent(4 * Mebi) == blocks[1]);
        Assert.Equal(8 * Mebi, _pool.RentedBytes);
        _pool.Return(blocks[1], 4 * Mebi);
        _pool.Return(blocks[2], 4 * Mebi);
        Assert.Equal(0, _pool.RentedBytes);
    }

    [Fact]
    public unsafe void Return_TooSmallOrTooLarge_DoesNotWait()
    {
        _pool.Return(_pool.Rent(32 * Kibi), 32 * Kibi);
        _pool.Return(_pool.Rent(9 * Mebi), 9 * Mebi);

        Assert.Equal(0, _pool.WaitingBytes);
    }

    [Fact]
    public unsafe void Return_OthersWaitForLong_TheyGo()
    {
        var young = _pool.Rent(64 * Kibi);
        _pool.Return(_pool.Rent(2 * Mebi), 2 * Mebi);

        _clock.Advance(PagePool.MaxIdle + TimeSpan.FromSeconds(1));
        _pool.Return(young, 64 * Kibi);

        Assert.Equal(64 * Kibi, _pool.WaitingBytes);
    }

    [Fact]
    public unsafe void DropUnwanted_NothingIsReturnedAnyMore_FreesWhatWaitsForLong()
    {
        _pool.Return(_pool.Rent(2 * Mebi), 2 * Mebi);
        _clock.Advance(PagePool.MaxIdle);
        _pool.DropUnwanted();
        Assert.Equal(2 * Mebi, _pool.WaitingBytes);

        _clock.Advance(TimeSpan.FromSeconds(1));
        _pool.DropUnwanted();

        Assert.Equal(0, _pool.WaitingBytes);
    }

    [Fact]
    public unsafe void Drop_SomeBytes_FreesAsManyBlocksAsThatTakes()
    {
        void*[] blocks = [_pool.Rent(2 * Mebi), _pool.Rent(2 * Mebi), _pool.Rent(2 * Mebi)];
        foreach (var block in blocks)
        {
            _pool.Return(block, 2 * Mebi);
        }

        Assert.Equal(4 * Mebi, _pool.Drop((2 * Mebi) + 1));
        Assert.Equal(2 * Mebi, _pool.WaitingBytes);
        Assert.Equal(0, _pool.Drop(0));
        Assert.Equal(2 * Mebi, _pool.Drop(long.MaxValue));
        Assert.Equal(0, _pool.WaitingBytes);
    }

    [Fact]
    public async Task RentAndReturn_ManyThreads_NoBlockIsHandedOutTwice()
    {
        var threads = Enumerable.Range(0, 4).Select(number => Task.Factory.StartNew(() => UseBlocks((byte)number), TaskCreationOptions.LongRunning));

        var damaged = await Task.WhenAll(threads).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal([0, 0, 0, 0], damaged);
        Assert.InRange(_pool.WaitingBytes, 64 * Kibi, 4 * 64 * Kibi);
    }

    private unsafe int UseBlocks(byte mark)
    {
        var damaged = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var block = (byte*)_pool.Rent(64 * Kibi);
            new Span<byte>(block, 64 * Kibi).Fill(mark);
            damaged += new Span<byte>(block, 64 * Kibi).ContainsAnyExcept(mark) ? 1 : 0;
            _pool.Return(block, 64 * Kibi);
        }

        return damaged;
    }
}
