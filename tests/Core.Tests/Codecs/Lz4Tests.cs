using System.Diagnostics;
using System.Text;

namespace Dpark.Codecs;

public sealed class Lz4Tests
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i % 977} of a text\n")));
    private static readonly byte[] Noise = MakeNoise();

    [Fact]
    public void Encode_AnyBytes_DecodesToThem()
    {
        foreach (var bytes in new[] { Text, Noise, [], [1], Text[..13] })
        {
            var encoded = new byte[BlockCodecs.Lz4.MaxEncodedLength(bytes.Length)];
            var decoded = new byte[bytes.Length];

            var length = BlockCodecs.Lz4.Encode(bytes, encoded);
            BlockCodecs.Lz4.Decode(encoded.AsSpan(0, length), decoded);

            Assert.Equal(bytes, decoded);
        }
    }

    [Fact]
    public void Encode_TargetTooShort_IsZero() => Assert.Equal(0, BlockCodecs.Lz4.Encode(Noise, new byte[100]));

    [Fact]
    public void Decode_DamagedOrOtherLength_IsInvalidData()
    {
        var encoded = new byte[BlockCodecs.Lz4.MaxEncodedLength(Text.Length)];
        var length = BlockCodecs.Lz4.Encode(Text, encoded);

        Assert.Throws<InvalidDataException>(() => BlockCodecs.Lz4.Decode(encoded.AsSpan(0, length), new byte[Text.Length - 1]));
        Assert.Throws<InvalidDataException>(() => BlockCodecs.Lz4.Decode(encoded.AsSpan(0, length), new byte[Text.Length + 1]));
        Assert.Throws<InvalidDataException>(() => BlockCodecs.Lz4.Decode(encoded.AsSpan(0, length / 2), new byte[Text.Length]));
        Assert.Throws<InvalidDataException>(() => BlockCodecs.Lz4.Decode(default, new byte[1]));
    }

    [Fact]
    public void Encode_KnownBlock_HasTheseBytes()
    {
        var encoded = new byte[100];

        var length = BlockCodecs.Lz4.Encode("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"u8, encoded);
        var decoded = new byte[32];
        BlockCodecs.Lz4.Decode([0x1F, (byte)'a', 1, 0, 7, 0x50, (byte)'a', (byte)'a', (byte)'a', (byte)'a', (byte)'a'], decoded);

        Assert.Equal("1F610100075061" + "61616161", Convert.ToHexString(encoded.AsSpan(0, length)));
        Assert.All(decoded, value => Assert.Equal((byte)'a', value));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("lz4")]
    public void Get_KnownName_IsThatCodec(string name) => Assert.Equal(name, BlockCodecs.Get(name).Name);

    [Fact]
    public void Get_UnknownName_SaysThatThereIsNone()
    {
        var error = Assert.Throws<NotSupportedException>(() => BlockCodecs.Get("snappy"));

        Assert.StartsWith("no snappy available", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void None_OtherLength_IsInvalidData()
    {
        Assert.Equal(0, BlockCodecs.None.Encode(Text, new byte[5]));
        Assert.Throws<InvalidDataException>(() => BlockCodecs.None.Decode([1, 2], new byte[3]));
    }

    [Fact]
    public void FrameStream_AnyBytes_ComeBack()
    {
        foreach (var bytes in new[] { Text, Noise, [], [1] })
        {
            Assert.Equal(bytes, Decompress(Compress(bytes)));
        }
    }

    [Fact]
    public void FrameStream_EmptyFrame_HasTheseBytes() =>
        Assert.Equal("04224D18" + "6450" + "08" + "00000000" + "055DCC02", Convert.ToHexString(Compress([])));

    [Fact]
    public void FrameStream_FramesInARow_AreOneText()
    {
        byte[] skippable = [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9];

        Assert.Equal((byte[])[1, .. Text, 2], Decompress([.. Compress([1]), .. skippable, .. Compress(Text), .. Compress([]), .. Compress([2])]));
    }

    [Fact]
    public void FrameStream_DamagedAnywhere_IsInvalidData()
    {
        // Random bytes are stored as they are, so that every bit of the frame means something.
        var frame = Compress(Noise[..50]);
        for (var i = 0; i < frame.Length; i++)
        {
            var damaged = frame.ToArray();
            damaged[i] ^= 0x04;

            Assert.Throws<InvalidDataException>(() => Decompress(damaged));
        }

        for (var length = 1; length < frame.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Decompress(frame[..length]));
        }
    }

    [SkippableFactForProgram("lz4")]
    public void FrameStream_WhatTheProgramWrites_IsRead()
    {
        foreach (var options in new[] { "", "-BD -B4", "--content-size", "-BX -B5", "--no-frame-crc", "-9 -B6 -BD" })
        {
            Assert.Equal(Text, Decompress(RunLz4(options, Text)));
            Assert.Equal(Noise, Decompress(RunLz4(options, Noise)));
        }
    }

    [SkippableFactForProgram("lz4")]
    public void FrameStream_WhatItWrites_TheProgramReads()
    {
        foreach (var bytes in new[] { Text, Noise, [], [1] })
        {
            Assert.Equal(bytes, RunLz4("-d", Compress(bytes)));
        }
    }

    private static byte[] Compress(byte[] bytes)
    {
        var target = new MemoryStream();
        using (var stream = Lz4FrameStream.Compress(target, leaveOpen: true))
        {
            foreach (var part in bytes.Chunk(70_001))
            {
                stream.Write(part);
            }
        }

        return target.ToArray();
    }

    private static byte[] Decompress(byte[] frame)
    {
        using var stream = Lz4FrameStream.Decompress(new MemoryStream(frame));
        var target = new MemoryStream();
        stream.CopyTo(target);
        return target.ToArray();
    }

    // Through files, because two pipes at once would need a second thread.
    private static byte[] RunLz4(string arguments, byte[] input)
    {
        var directory = Directory.CreateTempSubdirectory("dpark-lz4-");
        try
        {
            var source = Path.Combine(directory.FullName, "in");
            var target = Path.Combine(directory.FullName, "out");
            File.WriteAllBytes(source, input);
            using var process = Process.Start("lz4", $"-q -f {arguments} {source} {target}");
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            return File.ReadAllBytes(target);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static byte[] MakeNoise()
    {
        var noise = new byte[1_000_000];
        new Random(7).NextBytes(noise);
        return noise;
    }
}

/// <summary>A test that needs a program; skipped with a message where it is missing.</summary>
internal sealed class SkippableFactForProgramAttribute : FactAttribute
{
    public SkippableFactForProgramAttribute(string program)
    {
        var directories = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!directories.Any(directory => File.Exists(Path.Combine(directory, program))))
        {
            Skip = $"The program '{program}' is not installed.";
        }
    }
}
