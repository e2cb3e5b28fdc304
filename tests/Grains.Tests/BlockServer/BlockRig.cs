using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Security;
using Dpark.Shuffle;
using Dpark.TestKit;
using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>One block server on a free port of loopback, with stores in a temporary directory, and a client.</summary>
internal sealed class BlockRig : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-block-server-");

    public BlockRig(Action<BlockServerOptions>? server = null, Action<BlockClientOptions>? client = null, string secret = "right", IBlockStore? blocks = null, TimeProvider? time = null, ClusterTls? serverTls = null, ClusterTls? clientTls = null, string worker = "worker-1")
    {
        server?.Invoke(ServerOptions);
        client?.Invoke(ClientOptions);
        Secret = System.Text.Encoding.UTF8.GetBytes(secret);
        Blocks = blocks ?? new MemoryBlockStore(1 << 20, new DiskBlockStore([Root]));
        MapOutputs = new MapOutputFiles([Root], memoryBytes: 1 << 20);
        Server = new BlockServer(Worker = new(worker), Blocks, MapOutputs, Secret, ServerOptions, Log, time, serverTls);
        Server.Start();
        Client = new BlockClient(Secret, ClientOptions, time, clientTls);
    }

    public static AppId App { get; } = new("app-1");

    public static CancellationToken None => CancellationToken.None;

    public WorkerId Worker { get; }

    public string Root => _directory.FullName;

    public byte[] Secret { get; }

    public BlockServerOptions ServerOptions { get; } = new() { PeerTimeout = Limit };

    public BlockClientOptions ClientOptions { get; } = new() { RetryDelay = TimeSpan.Zero };

    public RecordingLogger<BlockServer> Log { get; } = new();

    public IBlockStore Blocks { get; }

    public MapOutputFiles MapOutputs { get; }

    public BlockServer Server { get; }

    public BlockClient Client { get; }

    public static BlockId Block(string name) => new(App, name);

    public static byte[] Bytes(int count, int seed = 1)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public BlockLocation At(string name, long length) => new(Block(name), Worker, Server.Endpoint, length);

    public BlockLocation Store(string name, byte[] bytes)
    {
        Blocks.Put(Block(name), bytes);
        return At(name, bytes.Length);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
