using System.Security.Cryptography;
using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.TestKit;
using Dpark.Workers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpark.Broadcasting;

public sealed class PublishedContentsTests : IAsyncDisposable, IAsyncLifetime
{
    private const string Name = "broadcast-1";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly AppId App = new("app-1");
    private static readonly WorkerId Here = new("here");
    private static readonly BlockId Block = new(App, Name);
    private static readonly byte[] Bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 7))];

    private readonly FakeBroadcast _grain = new();
    private readonly WorkerMemory _memory = new(new MemoryOptions { BudgetBytes = 1 << 20, WaitLimit = TimeSpan.Zero });
    private readonly MemoryBlockStore _own = new(64 << 20);
    private readonly MemoryBlockStore _others = new(64 << 20);
    private readonly BlockClient _client = new(ReadOnlyMemory<byte>.Empty, new() { MaxAttempts = 1, ConnectTimeout = TimeSpan.FromSeconds(5) });
    private readonly RecordingLogger<PublishedContents> _logger = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("dpark-test-").FullName;
    private readonly BlockServer _server;
    private readonly PublishedContents _contents;
    private string? _askedKey;

    public PublishedContentsTests()
    {
        _server = new(new("there"), _others, new MapOutputFiles([_directory]), ReadOnlyMemory<byte>.Empty, new(), NullLogger<BlockServer>.Instance);
        _server.Start();
        _contents = new(
            Here,
            "127.0.0.1:1",
            _own,
            _client,
            key =>
            {
                _askedKey = key;
                return _grain;
            },
            _memory.AddHolder("contents that arrive", giveUp: null),
            _logger);
    }

    [Fact]
    public void Fetch_Inline_IsTakenAsItIs()
    {
        _grain.Content = new(3, [1, 2, 3], []);

        var bytes = _contents.Fetch(App, Name, null, CancellationToken.None);

        Assert.Equal([1, 2, 3], bytes.ToArray());
        Assert.Equal("app-1/broadcast-1", _askedKey);
        Assert.Null(_own.TryGetLength(Block));
    }

    [Fact]
    public void Fetch_NotPublished_IsMissing() =>
        Assert.Contains(
            "broadcast-1", Assert.Throws<MissingInputException>(() => _contents.Fetch(App, Name, null, CancellationToken.None)).Message, StringComparison.Ordinal);

    [Fact]
    public void Fetch_InlineWithAnotherHash_IsMissing()
    {
        _grain.Content = new(3, [1, 2, 3], []);

        Assert.Throws<MissingInputException>(() => _contents.Fetch(App, Name, HashOf([1, 2, 4]), CancellationToken.None));
        Assert.Equal([1, 2, 3], _contents.Fetch(App, Name, HashOf([1, 2, 3]), CancellationToken.None).ToArray());
    }

    [Fact]
    public void Fetch_OwnBlock_AsksNobody()
    {
        _own.Put(Block, Bytes);

        var bytes = _contents.Fetch(App, Name, HashOf(Bytes), CancellationToken.None);

        Assert.Equal(Bytes, bytes.ToArray());
        Assert.Equal(0, _grain.LocatedCount);
    }

    [Fact]
    public async Task Fetch_FromAnotherWorker_IsServedFromHereAfterwards()
    {
        _others.Put(Block, Bytes);
        _grain.Content = new(Bytes.Length, null, [new(new("there"), _server.Endpoint)]);

        var bytes = _contents.Fetch(App, Name, HashOf(Bytes), CancellationToken.None);

        Assert.Equal(Bytes, bytes.ToArray());
        Assert.Equal(new(Here, "127.0.0.1:1"), await _grain.Added.WaitAsync(Limit));
        Assert.Equal(Bytes.Length, _own.TryGetLength(Block));
    }

    [Fact]
    public void Fetch_FromAnotherWorker_CountsWhatArrives()
    {
        _others.Put(Block, Bytes);
        _grain.Content = new(Bytes.Length, null, [new(new("there"), _server.Endpoint)]);
        var seen = 0L;
        _grain.OnAdd = () => seen = _memory.StoreBytes;

        _contents.Fetch(App, Name, HashOf(Bytes), CancellationToken.None);

        Assert.Equal(Bytes.Length, seen);
        Assert.Equal(0, _memory.StoreBytes);
    }

    [Fact]
    public async Task Fetch_HolderHasLostIt_IsToldAndTheNextOneAsked()
    {
        _others.Put(Block, Bytes);
        _grain.Content = new(Bytes.Length, null, [new(new("gone"), "127.0.0.1:9"), new(new("there"), _server.Endpoint), new(new("gone"), "127.0.0.1:9")]);

        var bytes = _contents.Fetch(App, Name, null, CancellationToken.None);

        Assert.Equal(Bytes, bytes.ToArray());
        await _grain.Added.WaitAsync(Limit);
    }

    [Fact]
    public async Task Fetch_NoHolderHasIt_LooksTwiceAndIsMissing()
    {
        _grain.Content = new(Bytes.Length, null, [new(new("there"), _server.Endpoint)]);

        Assert.Throws<MissingInputException>(() => _contents.Fetch(App, Name, null, CancellationToken.None));

        Assert.Equal(2, _grain.LocatedCount);
        Assert.Equal(new("there"), await _grain.Removed.WaitAsync(Limit));
    }

    [Fact]
    public void Fetch_HolderServesOtherBytes_IsMissing()
    {
        _others.Put(Block, Bytes);
        _grain.Content = new(Bytes.Length, null, [new(new("there"), _server.Endpoint)]);

        Assert.Throws<MissingInputException>(() => _contents.Fetch(App, Name, HashOf([1]), CancellationToken.None));

        Assert.Null(_own.TryGetLength(Block));
    }

    [Fact]
    public async Task Fetch_Pieces_ComeFromWhoeverHasThem()
    {
        var bytes = NewLarge();
        var second = new MemoryBlockStore(64 << 20);
        await using var server = new BlockServer(new("elsewhere"), second, new MapOutputFiles([_directory]), ReadOnlyMemory<byte>.Empty, new(), NullLogger<BlockServer>.Instance);
        server.Start();
        PutPieces(_own, bytes, 0);
        PutPieces(_others, bytes, 1);
        PutPieces(second, bytes, 2);
        _grain.Content = new(bytes.Length, null, [new(new("there"), _server.Endpoint) { Pieces = [0b010] }, new(new("elsewhere"), server.Endpoint) { Pieces = [0b100] }])
        {
            PieceChecksums = BroadcastPieces.Sum(bytes),
        };

        var fetched = _contents.Fetch(App, Name, HashOf(bytes), CancellationToken.None);

        Assert.True(fetched.Span.SequenceEqual(bytes));
        var added = await _grain.Added.WaitAsync(Limit);
        Assert.Equal([0b111], added.Pieces!);
        Assert.NotNull(_own.TryGetLength(new(App, $"{Name}.2")));
    }

    [Fact]
    public async Task Fetch_PieceIsDamaged_TakesAnotherHolder()
    {
        var bytes = NewLarge();
        var damaged = (byte[])bytes.Clone();
        damaged[5_000_000] ^= 1;
        PutPieces(_others, damaged, 0, 1, 2);
        var second = new MemoryBlockStore(64 << 20);
        await using var server = new BlockServer(new("elsewhere"), second, new MapOutputFiles([_directory]), ReadOnlyMemory<byte>.Empty, new(), NullLogger<BlockServer>.Instance);
        server.Start();
        PutPieces(second, bytes, 1);
        _grain.Content = new(bytes.Length, null, [new(new("there"), _server.Endpoint), new(new("elsewhere"), server.Endpoint) { Pieces = [0b010] }])
        {
            PieceChecksums = BroadcastPieces.Sum(bytes),
        };

        Assert.True(_contents.Fetch(App, Name, HashOf(bytes), CancellationToken.None).Span.SequenceEqual(bytes));
    }

    [Fact]
    public void Fetch_NobodyHasAPiece_IsMissing()
    {
        var bytes = NewLarge();
        PutPieces(_others, bytes, 0, 1);
        _grain.Content = new(bytes.Length, null, [new(new("there"), _server.Endpoint) { Pieces = [0b011] }]) { PieceChecksums = BroadcastPieces.Sum(bytes) };

        Assert.Throws<MissingInputException>(() => _contents.Fetch(App, Name, null, CancellationToken.None));
    }

    [Fact]
    public void Fetch_GrainCannotBeReached_TriesAgainAndIsMissing()
    {
        _grain.OnLocate = _ => throw new TimeoutException("late");

        var failure = Assert.Throws<MissingInputException>(() => _contents.Fetch(App, Name, null, CancellationToken.None));

        Assert.Equal(3, _grain.LocatedCount);
        Assert.Contains("TimeoutException: late", failure.Message, StringComparison.Ordinal);
    }

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private static byte[] NewLarge()
    {
        var bytes = new byte[(2 * BroadcastPieces.PieceBytes) + 1234];
        new Random(5).NextBytes(bytes);
        return bytes;
    }

    private static void PutPieces(MemoryBlockStore store, byte[] bytes, params int[] indexes)
    {
        foreach (var index in indexes)
        {
            store.Put(new(App, BroadcastPieces.NameOf(Name, index)), bytes[BroadcastPieces.RangeOf(bytes.Length, index)]);
        }
    }

    private static string HashOf(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
