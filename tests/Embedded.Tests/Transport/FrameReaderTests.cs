using System.Buffers.Binary;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Dpark.Embedded.Tests.Transport;

public sealed class FrameReaderTests
{
    private const int FirstBlockBytes = 64;
    private const int MaxFrameBytes = 100 * 1024 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000)]
    [InlineData(int.MaxValue)]
    public async Task TryRead_FramesOfAllSizes_AreWhatWasSent(int bytesPerRead)
    {
        int[] sizes = [0, 1, 3, 60, 64, 65, 4_000, 32 * 1024 - 4, 32 * 1024 - 3, 32 * 1024, 5, 1_500_000, 2, 3_000_000, 9];
        var sent = sizes.Where(size => bytesPerRead > 100 || size < 50_000).Select(Frame).ToList();
        var reader = new FrameReader(new SlowStream(sent, bytesPerRead), FirstBlockBytes) { MaxFrameBytes = MaxFrameBytes };

        var received = new List<ReadOnlyMemory<byte>>();
        do
        {
            while (reader.TryRead(out var frame))
            {
                received.Add(frame);
            }
        }
        while (await reader.FillAsync(CancellationToken.None));

        // Only now: no frame may have been overwritten by a later one.
        Assert.Equal(sent.Count, received.Count);
        Assert.All(sent.Zip(received), pair => Assert.True(pair.First.AsSpan().SequenceEqual(pair.Second.Span)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(MaxFrameBytes + 1)]
    public async Task TryRead_LengthAboveTheLimit_Throws(int length)
    {
        var reader = New(Prefix(length));

        await reader.FillAsync(CancellationToken.None);

        var error = Assert.Throws<InvalidMessageFrameException>(() => reader.TryRead(out _));
        Assert.Contains(((uint)length).ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TryRead_UntilTheLimitIsRaised_TakesNoMoreThanTheFirstBlock()
    {
        var reader = new FrameReader(new MemoryStream(Prefix(FirstBlockBytes)), FirstBlockBytes);

        await reader.FillAsync(CancellationToken.None);

        Assert.Throws<InvalidMessageFrameException>(() => reader.TryRead(out _));
    }

    [Fact]
    public async Task FillAsync_LengthThatIsOnlySaid_AllocatesLittle()
    {
        byte[] bytes = [.. Prefix(MaxFrameBytes), .. new byte[100]];
        var reader = New(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        // A memory stream completes at once, so that all is allocated on this thread.
        while (!reader.TryRead(out _) && await reader.FillAsync(CancellationToken.None))
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * 1024 * 1024);
    }

    [Fact]
    public async Task FillAsync_EndInTheMidstOfAFrame_IsTheEnd()
    {
        var reader = New([.. Prefix(10), 1, 2, 3]);

        Assert.True(await reader.FillAsync(CancellationToken.None));

        Assert.False(reader.TryRead(out _));
        Assert.False(await reader.FillAsync(CancellationToken.None));
    }

    private static FrameReader New(byte[] bytes) => new(new MemoryStream(bytes), FirstBlockBytes) { MaxFrameBytes = MaxFrameBytes };

    private static byte[] Frame(int size)
    {
        var frame = new byte[size];
        new Random(size).NextBytes(frame);
        return frame;
    }

    private static byte[] Prefix(int length)
    {
        var prefix = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, length);
        return prefix;
    }

    /// <summary>Frames with their lengths, a few bytes at a time.</summary>
    private sealed class SlowStream(List<byte[]> frames, int bytesPerRead)
        : MemoryStream([.. frames.SelectMany(frame => Prefix(frame.Length).Concat(frame))])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(bytesPerRead, buffer.Length)], cancellationToken);
    }
}
