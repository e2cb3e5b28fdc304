using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

/// <summary>Files as <c>bgzip</c> writes them: members that say how long they are, and an empty one at the end.</summary>
public sealed class BlockedGzipTests : IDisposable
{
    private const int MemberBytes = 3000;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.gz");
    private readonly InlineRddContext _context = new();
    private readonly string[] _lines = [.. Enumerable.Range(0, 5000).Select(i => i % 700 == 0 ? new string('y', 9000) : $"line {i} {new string('x', (i * 7919) % 97)}")];

    [Theory]
    [InlineData(1)]
    [InlineData(4000)]
    [InlineData(1 << 20)]
    public async Task TextFile_CutBetweenMembers_HasEachLineOnce(int partitionBytes)
    {
        await WriteAsync(isBlocked: true);
        var options = new TextFileOptions { PartitionBytes = partitionBytes, PackSmallFiles = false };

        var lines = _context.TextFile(_path, options);
        var texts = _context.Utf8TextFile(_path, options);

        Assert.Equal(partitionBytes < 1 << 20, lines.Partitions.Count > 3);
        Assert.Equal<IEnumerable<string>>(_lines, await lines.CollectAsync());
        Assert.Equal(_lines, (await texts.CollectAsync()).Select(text => text.ToString()));
    }

    [Fact]
    public async Task TextFile_MembersOfUnknownLength_IsOnePartition()
    {
        await WriteAsync(isBlocked: false);

        var lines = _context.TextFile(_path, new TextFileOptions { PartitionBytes = 4000 });

        Assert.Single(lines.Partitions);
        Assert.Equal<IEnumerable<string>>(_lines, await lines.CollectAsync());
    }

    public void Dispose() => File.Delete(_path);

    private async Task WriteAsync(bool isBlocked)
    {
        var text = Encoding.ASCII.GetBytes(string.Concat(_lines.Select(line => line + "\n")));
        await using var file = File.Create(_path);
        foreach (var content in text.Chunk(MemberBytes).Append([]))
        {
            var member = Compress(content);
            await file.WriteAsync(isBlocked ? Block(member) : member);
        }
    }

    private static byte[] Compress(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(content);
            if (content.Length == 0)
            {
                gzip.Flush();
            }
        }

        // An empty stream is written as nothing; a member without content is an empty final block.
        return stream.Length > 0 ? stream.ToArray() : [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Block(byte[] member)
    {
        const int plainHeaderBytes = 10;
        const int fieldBytes = 8;
        var block = new byte[member.Length + fieldBytes];
        member.AsSpan(0, plainHeaderBytes).CopyTo(block);
        block[3] = 4;
        byte[] field = [6, 0, (byte)'B', (byte)'C', 2, 0];
        field.CopyTo(block, plainHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(16), (ushort)(block.Length - 1));
        member.AsSpan(plainHeaderBytes).CopyTo(block.AsSpan(plainHeaderBytes + fieldBytes));
        return block;
    }
}
