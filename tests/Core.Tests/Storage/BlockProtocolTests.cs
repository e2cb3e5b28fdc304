using System.Security.Cryptography;
using System.Text;
using Dpark.Applications;
using Dpark.Caching;
using Dpark.Codecs;
using Dpark.Shuffle;
using Dpark.Storage.Transfer;
using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>Golden bytes of <c>docs/formats/block-protocol.md</c>. These tests only grow.</summary>
public sealed class BlockProtocolTests
{
    private static readonly BlockId Block = new(new AppId("app"), "é");
    private static readonly WorkerId Worker = new("w@1");

    [Fact]
    public void Encode_ReadBlock_HasTheseBytes() =>
        AssertBytes("01000000 16000000" + "0300 774031" + "0300 617070" + "0200 C3A9" + "0501000000000000", Encode(new OneBlockRequest(RequestKind.ReadBlock, Worker, Block), offset: 261));

    [Fact]
    public void Encode_PutBlock_HasTheseBytes() =>
        AssertBytes("02000000 16000000" + "0300 774031" + "0300 617070" + "0200 C3A9" + "0300000000000000", Encode(new OneBlockRequest(RequestKind.PutBlock, Worker, Block, new byte[3])));

    [Fact]
    public void Encode_DeleteBlock_HasTheseBytes() =>
        AssertBytes("03000000 0E000000" + "0300 774031" + "0300 617070" + "0200 C3A9", Encode(new OneBlockRequest(RequestKind.DeleteBlock, Worker, Block)));

    [Fact]
    public void Encode_ReadBuckets_HasTheseBytes()
    {
        var request = new BucketsRequest(Worker, new BucketRequest(new ShuffleId(new AppId("app"), 7), 5, [(1, 2), (3, 4), (256, 65536)]));

        AssertBytes(
            "04000000 32000000" + "0300 774031" + "0300 617070" + "07000000 05000000 01000000 0900000000000000" + "02000000" + "03000000 04000000" + "00010000 00000100",
            Encode(request, firstBody: 1, offset: 9));
    }

    [Fact]
    public void Encode_ReadCached_HasTheseBytesAndComesBack()
    {
        var request = new CachedSegmentRequest(new(new("app"), new(7), 5), new Guid("00112233-4455-6677-8899-aabbccddeeff"), 261);

        var bytes = Encode(new CachedRequest(Worker, request), offset: 9);

        AssertBytes(
            "05000000 32000000" + "0300 774031" + "0300 617070" + "07000000 05000000" + "33221100 5544 7766 8899AABBCCDDEEFF" + "0501000000000000 0900000000000000", bytes);
        Assert.Equal((request, 9L), RequestDecoder.ReadCached(bytes.AsSpan(13)));
    }

    [Fact]
    public void ReadBuckets_WhatWasEncoded_ComesBack()
    {
        var request = new BucketRequest(new ShuffleId(new AppId("app"), 7), new(5, 3), [(1, 2), (3, 4)]);

        var (decoded, offset) = RequestDecoder.ReadBuckets(Encode(new BucketsRequest(Worker, request), offset: 9).AsSpan(13));

        Assert.Equal((request.Shuffle, new BucketRange(5, 3), 9L), (decoded.Shuffle, decoded.Buckets, offset));
        Assert.Equal(request.Outputs, decoded.Outputs);
    }

    [Fact]
    public void ReadBlock_WhatWasEncoded_ComesBack()
    {
        Assert.Equal((Block, 3L), RequestDecoder.ReadBlock(RequestKind.ReadBlock, Encode(new OneBlockRequest(RequestKind.ReadBlock, Worker, Block), offset: 3).AsSpan(13)));
        Assert.Equal((Block, 0L), RequestDecoder.ReadBlock(RequestKind.DeleteBlock, Encode(new OneBlockRequest(RequestKind.DeleteBlock, Worker, Block)).AsSpan(13)));
    }

    [Fact]
    public void EncodeError_LongText_IsCut()
    {
        AssertBytes("01000000 0300000000000000 616263", BlockProtocol.EncodeError(AnswerStatus.NotFound, "abc"));
        Assert.Equal(12 + 4096, BlockProtocol.EncodeError(AnswerStatus.Failed, new string('x', 10_000)).Length);
    }

    [Fact]
    public void WriteAnswerHeader_Ok_HasTheseBytes()
    {
        var header = new byte[12];

        BlockProtocol.WriteAnswerHeader(header, AnswerStatus.Ok, 0x1_0000_0002);

        AssertBytes("00000000 0200000001000000", header);
        Assert.Equal((AnswerStatus.Ok, 0x1_0000_0002), BlockProtocol.ReadAnswerHeader(header));
    }

    [Fact]
    public void Proofs_KnownSecret_AreTheseHashes()
    {
        var (client, server) = (new byte[32], Enumerable.Repeat((byte)1, 32).ToArray());
        byte[] mark = [(byte)'D', (byte)'B', (byte)'P', 4];
        var secret = "secret"u8.ToArray();

        Assert.Equal(36, Handshake.HelloLength);
        Assert.Equal(mark, Handshake.Mark.ToArray());
        Assert.Equal(HMACSHA256.HashData(secret, (byte[])[.. Encoding.ASCII.GetBytes("dpark block client"), .. mark, .. client, .. server]), Handshake.ClientProof(secret, client, server));
        Assert.Equal(HMACSHA256.HashData(secret, (byte[])[.. Encoding.ASCII.GetBytes("dpark block server"), .. mark, .. client, .. server]), Handshake.ServerProof(secret, client, server));
    }

    [Fact]
    public void Numbers_OfRequestsAndAnswers_ArePinned()
    {
        Assert.Equal(
            [("ReadBlock", 1), ("PutBlock", 2), ("DeleteBlock", 3), ("ReadBuckets", 4), ("ReadCached", 5)],
            Enum.GetValues<RequestKind>().Select(value => (value.ToString(), (int)value)));
        Assert.Equal(
            [("Ok", 0), ("NotFound", 1), ("BadRequest", 2), ("NoRoom", 3), ("Failed", 4), ("Refused", 5), ("Busy", 6), ("OtherWorker", 7)],
            Enum.GetValues<AnswerStatus>().Select(value => (value.ToString(), (int)value)));
    }

    [Theory]
    [InlineData("127.0.0.1", 1, "127.0.0.1:1")]
    [InlineData("::1", 65535, "[::1]:65535")]
    [InlineData("worker-7.example", 40123, "worker-7.example:40123")]
    public void Endpoint_Formatted_CanBeParsed(string host, int port, string expected)
    {
        var text = BlockEndpoint.Format(host, port);

        Assert.Equal(expected, text);
        Assert.EndsWith(expected, BlockEndpoint.Parse(text).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("host")]
    [InlineData("host:")]
    [InlineData(":1")]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:-1")]
    public void Parse_NoEndpoint_IsNamed(string text)
    {
        var failure = Assert.Throws<IOException>(() => BlockEndpoint.Parse(text));

        Assert.StartsWith($"'{text}' is no address of a block server.", failure.Message, StringComparison.Ordinal);
    }

    private static byte[] Encode(BlockRequest request, int firstBody = 0, long offset = 0)
    {
        using var output = new RecordBuffer();
        request.Encode(firstBody, offset, output);
        return output.WrittenSpan.ToArray();
    }

    private static void AssertBytes(string expected, byte[] actual) => Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(actual));
}
