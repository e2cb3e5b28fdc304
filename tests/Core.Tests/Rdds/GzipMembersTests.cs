using System.IO.Compression;
using Dpark.Codecs;
using Dpark.Environments;
using Dpark.Rdds.Sources;
using Dpark.Scheduling;
using Dpark.TestKit.Rdds;

namespace Dpark.Rdds;

/// <summary>Files of several gzip members, as <c>cat a.gz b.gz</c> makes them, whole and damaged.</summary>
public sealed class GzipMembersTests : IDisposable
{
    private static readonly byte[] First = Compress("one\ntwo\nthr"u8.ToArray());
    private static readonly byte[] Second = Compress("ee\nfour\n"u8.ToArray());
    private static readonly byte[] Empty = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly string[] Lines = ["one", "two", "three", "four"];

    private readonly InlineRddContext _dpark = new();
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task TextFile_MembersWithinALine_AreOneText()
    {
        Assert.Equal<IEnumerable<string>>(Lines, await ReadAsync([.. First, .. Second]));
        Assert.Equal<IEnumerable<string>>(Lines, await ReadAsync([.. Empty, .. First, .. Empty, .. Empty, .. Second, .. Empty]));
        Assert.Empty(await ReadAsync(Empty));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(100_000)]
    public async Task TextFile_ZerosBehindTheLastMember_ArePassedOver(int count)
    {
        Assert.Equal<IEnumerable<string>>(Lines, await ReadAsync([.. First, .. Second, .. new byte[count]]));
        Assert.Equal<IEnumerable<string>>(Lines, await ReadAsync([.. First, .. Second, .. Empty, .. new byte[count]]));
    }

    [Fact]
    public async Task TextFile_HeaderWithAllFields_IsPassedOver()
    {
        byte[] header = [0x1F, 0x8B, 8, 1 | 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 5, 0, 1, 2, 0, 0x1F, 0x8B, .. "name.txt\0"u8, .. "a comment\0"u8, 7, 7];

        Assert.Equal<IEnumerable<string>>(Lines, await ReadAsync([.. First, .. header, .. Second.AsSpan(10)]));
    }

    [Fact]
    public async Task TextFile_EndsWithinAMember_Fails()
    {
        byte[] whole = [.. First, .. Second];
        for (var length = First.Length + 1; length < whole.Length; length++)
        {
            await FailsAsync(whole[..length], First.Length);
        }

        for (var length = 1; length < First.Length; length++)
        {
            await FailsAsync(First[..length], 0);
        }
    }

    [Fact]
    public async Task TextFile_SomethingElseBehindAMember_Fails()
    {
        await FailsAsync([.. First, .. "garbage"u8, .. Second], First.Length);
        await FailsAsync([.. First, .. Second, .. "garbage"u8], First.Length + Second.Length);
        await FailsAsync([.. First, 0x1F], First.Length);
        await FailsAsync([.. First, .. new byte[100], .. Second], First.Length + 100);
        await FailsAsync("no gzip file"u8.ToArray(), 0);
    }

    [Fact]
    public async Task TextFile_OtherChecksumOrLength_Fails()
    {
        for (var at = 1; at <= 8; at++)
        {
            byte[] file = [.. First, .. Second];
            file[First.Length - at] ^= 0x10;
            await FailsAsync(file, 0);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Read_RandomMembers_IsTheirContent(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            using var file = new MemoryStream();
            using var content = new MemoryStream();
            for (var member = random.Next(1, 6); member > 0; member--)
            {
                var bytes = RandomContent(random);
                content.Write(bytes);
                file.Write(Compress(bytes, (CompressionLevel)random.Next(4)));
            }

            var path = _directory[$"{seed}.{round}.gz"];
            await File.WriteAllBytesAsync(path, file.ToArray());

            Assert.Equal(content.ToArray(), ReadAll(path, random));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task TextFile_CutBetweenRandomMembers_HasEachLineOnce(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 15; round++)
        {
            using var file = new MemoryStream();
            using var text = new MemoryStream();
            for (var member = random.Next(1, 12); member > 0; member--)
            {
                var bytes = RandomLines(random);
                text.Write(bytes);
                file.Write(Compress(bytes, (CompressionLevel)random.Next(4)));
            }

            var path = _directory[$"{seed}.{round}.gz"];
            await File.WriteAllBytesAsync(path, [.. file.ToArray(), .. new byte[random.Next(3) == 0 ? 5_000 : 0]]);
            var plain = _directory["plain.txt"];
            await File.WriteAllBytesAsync(plain, text.ToArray());

            var lines = _dpark.TextFile(path, new TextFileOptions { SplitGzipMembers = true, PartitionBytes = random.Next(500, 60_000), PackSmallFiles = random.Next(2) == 0 });

            Assert.Equal(await _dpark.TextFile(plain).CollectAsync(), await lines.CollectAsync());
        }
    }

    [Fact]
    public async Task TextFile_SplitGzipMembers_IsCutBetweenThem()
    {
        var lines = Enumerable.Range(0, 2_000).Select(i => $"{i} {i * 7919L % 100_003}").ToArray();
        var path = _directory["members.gz"];
        await File.WriteAllBytesAsync(path, [.. lines.Chunk(100).SelectMany(chunk => Compress(System.Text.Encoding.ASCII.GetBytes(string.Concat(chunk.Select(line => line + "\n")))))]);

        var whole = _dpark.TextFile(path, new TextFileOptions { PartitionBytes = 1_000 });
        var cut = _dpark.TextFile(path, new TextFileOptions { PartitionBytes = 1_000, SplitGzipMembers = true, PackSmallFiles = false });

        Assert.Equal<IEnumerable<string>>(lines, await whole.CollectAsync());
        Assert.Equal<IEnumerable<string>>(lines, await cut.CollectAsync());
        Assert.Single(whole.Partitions);
        Assert.InRange(cut.Partitions.Count, 5, 20);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)]
    public async Task TextFile_TinyPartitionBytes_IsLookedThroughByAFewTasks(int partitionBytes)
    {
        var lines = Enumerable.Range(0, 4_000).Select(i => $"{i} {i * 7919L % 100_003}").ToArray();
        var path = _directory["members.gz"];
        await File.WriteAllBytesAsync(path, [.. lines.Chunk(20).SelectMany(chunk => Compress(System.Text.Encoding.ASCII.GetBytes(string.Concat(chunk.Select(line => line + "\n")))))]);

        var cut = _dpark.TextFile(path, new TextFileOptions { PartitionBytes = partitionBytes, SplitGzipMembers = true, PackSmallFiles = false });

        Assert.Equal<IEnumerable<string>>(lines, await cut.CollectAsync());
        var mostRanges = 16 * _dpark.DefaultParallelism;
        Assert.InRange(cut.Partitions.Count, mostRanges / 2, mostRanges);
        Assert.InRange(_dpark.Tasks.Count - cut.Partitions.Count, mostRanges / 2, mostRanges);
    }

    [Theory]
    [InlineData(1_000_000, 1, 2, 31_250)]
    [InlineData(1_000_000, 50_000, 2, 50_000)]
    [InlineData(1L << 40, 1, 2, 1 << 20)]
    [InlineData(1L << 40, 64 << 20, 2, 64 << 20)]
    [InlineData(10, 1, 2, 1)]
    [InlineData(0, 1, 2, 1)]
    public void RangeBytes_SmallPartitions_AreNotLookedThroughOneByOne(long totalBytes, long limit, int slotCount, long expected) =>
        Assert.Equal(expected, GzipScanRdd.RangeBytes(totalBytes, limit, slotCount));

    [Fact]
    public async Task TextFile_MembersAsContentOfAMember_AreNotTakenForMembers()
    {
        // Stored, so that the bytes of whole members stand in the file; the second range begins within one of them.
        var inner = Enumerable.Range(0, 200).SelectMany(i => Compress(System.Text.Encoding.ASCII.GetBytes($"inner {i}\n"))).ToArray();
        byte[] outer = [.. "before\n"u8, .. inner, .. "\nafter\n"u8];
        var path = _directory["nested.gz"];
        await File.WriteAllBytesAsync(path, [.. First, .. Compress(outer, CompressionLevel.NoCompression), .. Compress("\nlast\n"u8.ToArray())]);
        var plain = _directory["plain.txt"];
        await File.WriteAllBytesAsync(plain, [.. "one\ntwo\nthr"u8, .. outer, .. "\nlast\n"u8]);

        var lines = _dpark.TextFile(path, new TextFileOptions { PartitionBytes = 1_000, SplitGzipMembers = true });

        Assert.Equal(await _dpark.TextFile(plain).CollectAsync(), await lines.CollectAsync());
    }

    [Fact]
    public async Task TextFile_DamagedFileThatIsToBeCut_Fails()
    {
        byte[] file = [.. First, .. Second, .. First, .. Second];
        file[First.Length + Second.Length + 15] ^= 0xFF;
        var path = _directory["file.gz"];
        await File.WriteAllBytesAsync(path, file);

        var thrown = await Assert.ThrowsAsync<JobFailedException>(() => _dpark.TextFile(path, new TextFileOptions { PartitionBytes = 40, SplitGzipMembers = true }).CollectAsync());

        Assert.Contains($"file.gz could not be decompressed at byte {First.Length + Second.Length}:", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Crc32_KnownText_HasItsChecksum()
    {
        Assert.Equal(0xCBF43926, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xCBF43926, Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8));
        Assert.Equal(0u, Crc32.Append(0, []));
    }

    private static byte[] ReadAll(string path, Random random)
    {
        using var members = new GzipMembers(path, 0);
        using var all = new MemoryStream();
        while (true)
        {
            var buffer = new byte[random.Next(1, 100_000)];
            var count = members.Read(buffer);
            all.Write(buffer, 0, count);
            if (count < buffer.Length)
            {
                Assert.Equal(0, members.Read(buffer));
                return all.ToArray();
            }
        }
    }

    /// <summary>Words, noise, and whole members as content: noise and members are stored as they are, so a file has headers where no member of it begins.</summary>
    private static byte[] RandomContent(Random random)
    {
        using var content = new MemoryStream();
        for (var part = random.Next(5); part > 0; part--)
        {
            var bytes = new byte[random.Next(1, 60_000)];
            switch (random.Next(3))
            {
                case 0:
                    random.NextBytes(bytes);
                    break;
                case 1:
                    random.NextBytes(bytes);
                    bytes = Compress(bytes, CompressionLevel.NoCompression);
                    break;
                default:
                    bytes.AsSpan().Fill((byte)'x');
                    break;
            }

            content.Write(bytes);
        }

        return content.ToArray();
    }

    /// <summary>Lines of any length with each end of line, which members may cut anywhere.</summary>
    private static byte[] RandomLines(Random random)
    {
        using var lines = new MemoryStream();
        for (var line = random.Next(200); line > 0; line--)
        {
            var text = new byte[random.Next(20) == 0 ? random.Next(5_000) : random.Next(60)];
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = (byte)random.Next(' ', 127);
            }

            lines.Write(text);
            lines.Write(random.Next(4) switch
            {
                0 => "\r\n"u8,
                1 => "\r"u8,
                2 => default,
                _ => "\n"u8,
            });
        }

        return lines.ToArray();
    }

    private static byte[] Compress(byte[] content, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, level, leaveOpen: true))
        {
            gzip.Write(content);
        }

        // An empty stream is written as nothing.
        return stream.Length > 0 ? stream.ToArray() : Empty;
    }

    private async Task<string[]> ReadAsync(byte[] file)
    {
        var path = _directory["file.gz"];
        await File.WriteAllBytesAsync(path, file);
        return await _dpark.TextFile(path).CollectAsync();
    }

    private async Task FailsAsync(byte[] file, int position)
    {
        var thrown = await Assert.ThrowsAsync<JobFailedException>(() => ReadAsync(file));

        var inner = Assert.IsType<InvalidDataException>(thrown.InnerException);
        Assert.Contains($"file.gz could not be decompressed at byte {position}:", inner.Message, StringComparison.Ordinal);
    }
}
