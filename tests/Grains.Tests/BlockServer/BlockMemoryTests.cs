namespace Dpark.Storage;

/// <summary>What streams allocate. Counted for the whole process, so nothing else may run meanwhile.</summary>
[Collection(nameof(AloneCollection))]
public sealed class BlockMemoryTests
{
    private const int LargeBytes = 256 << 20;

    [Fact]
    public async Task Stream_LargeBlock_TakesBoundedMemoryOnBothSides()
    {
        await using var rig = new BlockRig();
        using (var source = new PatternStream(LargeBytes))
        {
            rig.Blocks.Put(BlockRig.Block("large"), source);
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var read = 0L;
        await foreach (var piece in rig.Client.StreamAsync(rig.At("large", LargeBytes), BlockRig.None))
        {
            PatternStream.AssertPattern(piece.Span, read);
            read += piece.Length;
        }

        Assert.Equal(LargeBytes, read);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, LargeBytes / 8);
    }

    /// <summary>Bytes that tell where they are.</summary>
    private sealed class PatternStream(long length) : ReadOnlyStream
    {
        private long _position;

        public static void AssertPattern(ReadOnlySpan<byte> bytes, long position)
        {
            for (var i = 0; i < bytes.Length; i += 4093)
            {
                Assert.Equal((byte)((position + i) % 251), bytes[i]);
            }
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, length - _position);
            for (var i = 0; i < read; i++)
            {
                buffer[offset + i] = (byte)((_position + i) % 251);
            }

            _position += read;
            return read;
        }
    }
}

/// <summary>Tests that run when no others do.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
