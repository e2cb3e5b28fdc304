using System.Text;
using Dpark.Codecs;
using Dpark.Configuration;

namespace Dpark.Shuffle;

/// <summary>Golden bytes of <c>docs/formats/shuffle-file.md</c>. These tests only grow.</summary>
public sealed class ShuffleFormatTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-shuffle-format-");

    private string FilePath => Path.Combine(_directory.FullName, "map-0.0");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Complete_TwoBucketsAndAnEmptyOne_HasTheseBytes()
    {
        using (var writer = new ShuffleFileWriter(FilePath, bucketCount: 3, shape: 0x04030201))
        {
            writer.Append(0, [0xAA, 0xBB]);
            writer.Append(2, [0xCC]);
            writer.RecordCount = 7;
            writer.Complete();
        }

        const string Header = "44534602 03000000 01020304 00000000";
        const string Starts = "1000000000000000 1200000000000000 1200000000000000 1300000000000000";
        const string RecordCount = "0700000000000000";
        AssertBytes(Header + "AABB CC" + Starts + RecordCount + Checksum(Header + Starts + RecordCount) + "44534602", File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Complete_TwoSegments_HasTheseBytes()
    {
        using (var writer = new ShuffleFileWriter(FilePath, bucketCount: 2, shape: 0x04030201))
        {
            writer.Append(0, [0xAA]);
            writer.Append(1, [0xBB, 0xCC]);
            writer.EndSegment();
            writer.AppendLater(0, new byte[] { 0xDD });
            writer.RecordCount = 3;
            writer.Complete();
        }

        const string Header = "44534602 02000000 01020304 00000000";
        const string Starts = "1000000000000000 1100000000000000 1300000000000000 1400000000000000 1400000000000000";
        const string RecordCount = "0300000000000000";
        AssertBytes(Header + "AA BBCC DD" + Starts + RecordCount + Checksum(Header + Starts + RecordCount) + "44534602", File.ReadAllBytes(FilePath));
    }

    [Theory]
    [InlineData(new int[0], true)]
    [InlineData(new[] { 10 }, false)]
    [InlineData(new[] { 100_000, 1, 70_000, 0, 65_536, 65_535, 3 }, false)]
    [InlineData(new[] { 2_500_000, 5, 1_500_000, 1_500_000, 8 }, true)]
    [InlineData(new[] { 7, 3_000_000, 9 }, true)]
    public void AppendLater_BesideOtherFrames_HasTheBytesOfAppend(int[] lengths, bool isManySmall)
    {
        int[] all = isManySmall ? [.. lengths, .. Enumerable.Repeat(3, 700), .. lengths] : lengths;
        var frames = all.Select((length, index) => Enumerable.Repeat((byte)index, length).ToArray()).ToArray();
        var later = Path.Combine(_directory.FullName, "later");

        var offsets = Write(FilePath, (writer, index) => writer.Append(index / 2, frames[index]));
        var laterOffsets = Write(later, (writer, index) =>
        {
            if (index % 5 == 3)
            {
                writer.Append(index / 2, frames[index]);
            }
            else
            {
                writer.AppendLater(index / 2, frames[index]);
            }
        });

        Assert.Equal(offsets, laterOffsets);
        Assert.Equal(File.ReadAllBytes(FilePath), File.ReadAllBytes(later));
        Assert.Equal(frames.Sum(frame => (long)frame.Length), offsets[^1] - offsets[0]);

        long[] Write(string path, Action<ShuffleFileWriter, int> append)
        {
            using var writer = new ShuffleFileWriter(path, bucketCount: (frames.Length / 2) + 1, shape: 1);
            for (var index = 0; index < frames.Length; index++)
            {
                append(writer, index);
            }

            writer.RecordCount = frames.Length;
            return writer.Complete().All.ToArray();
        }
    }

    [Fact]
    public void Seal_WithoutCompression_HasTheseBytes()
    {
        using var room = new RecordBuffer();
        using var encoder = new FrameEncoder<byte>(RecordCodec<byte>.Default, ShuffleCompression.None, frameBytes: 1024, room);
        encoder.Add([1, 2, 3]);
        encoder.Add([4]);

        const string Payload = "03000000 03000000 010203 01000000 01000000 04";
        const string Start = "00000000 14000000 14000000";
        AssertBytes(Start + Checksum(Start + Payload) + Payload, encoder.Seal().ToArray());
    }

    [Fact]
    public void Seal_Lz4_HasTheseBytes()
    {
        using var room = new RecordBuffer();
        using var encoder = new FrameEncoder<byte>(RecordCodec<byte>.Default, ShuffleCompression.Lz4, frameBytes: 1024, room);
        encoder.Add(new byte[64]);

        var frame = encoder.Seal().ToArray();

        var payload = new byte[72];
        BlockCodecs.Lz4.Decode(frame.AsSpan(16), payload);
        AssertBytes("40000000 40000000" + new string('0', 128), payload);
        var start = "01000000" + Convert.ToHexString(BitConverter.GetBytes(frame.Length - 16)) + "48000000";
        AssertBytes(start + Checksum(start + Convert.ToHexString(frame.AsSpan(16))), frame[..16]);
    }

    [Fact]
    public void Seal_Lz4MakesItNoSmaller_IsStoredAsItIs()
    {
        using var room = new RecordBuffer();
        using var encoder = new FrameEncoder<byte>(RecordCodec<byte>.Default, ShuffleCompression.Lz4, frameBytes: 1024, room);
        encoder.Add([1, 2]);

        AssertBytes("00000000 0A000000 0A000000", encoder.Seal()[..12].ToArray());
    }

    [Fact]
    public void Checksum_KnownText_IsCastagnoli() => Assert.Equal("839206E3", Checksum(Convert.ToHexString(Encoding.ASCII.GetBytes("123456789"))));

    private static void AssertBytes(string expected, byte[] actual) => Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(actual));

    // Bit by bit, as the polynomial is defined.
    private static string Checksum(string hex)
    {
        var crc = uint.MaxValue;
        foreach (var value in Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)))
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
            }
        }

        return Convert.ToHexString(BitConverter.GetBytes(~crc));
    }
}
