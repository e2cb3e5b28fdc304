using Dpark.Benchmarks.Calls;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

// What a call and a fresh activation cost: within a silo, between silos of one process, from a client. Usage: Calls [COUNT] [tcp]
var count = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 100_000;
var isTcp = args is [_, "tcp"];
var network = isTcp ? "over TCP" : "in memory";
var builder = new TestClusterBuilder(2);
builder.Options.ConnectionTransport = isTcp ? ConnectionTransportType.TcpSocket : ConnectionTransportType.InMemory;
var cluster = builder.Build();
await cluster.DeployAsync();
await using (cluster)
{
    var (near, far) = await FindPairAsync(cluster.Client);
    var caller = cluster.Client.GetGrain<IEchoGrain>("caller-0");
    for (var warm = 0; warm < 2; warm++)
    {
        await caller.CallOtherAsync(near, count / 2);
        await caller.CallOtherAsync(far, count / 10);
    }

    await PrintCallsAsync("grain to grain of the same silo", caller, near, count);
    await PrintCallsAsync($"grain to grain of another silo, {network}", caller, far, count / 5);

    var client = cluster.Client.GetGrain<IEchoGrain>(near);
    await Measure.SequenceAsync(count / 10, client.EchoAsync);
    var allocated = GC.GetTotalAllocatedBytes();
    Measure.Print($"client to grain, {network}", await Measure.SequenceAsync(count / 5, client.EchoAsync), GC.GetTotalAllocatedBytes() - allocated);
    await Measure.ThroughputAsync($"client to grain, {network}", count / 2, 16, client.EchoAsync);
    await Measure.ThroughputAsync($"client to grain, {network}", count, 64, client.EchoAsync);
    var megabyte = new byte[1024 * 1024];
    Measure.Print($"client to grain with 1 MiB, {network}", await Measure.SequenceAsync(200, _ => client.MeasureAsync(megabyte)), 0);

    var silo = ((InProcessSiloHandle)cluster.Primary!).SiloHost.Services.GetRequiredService<IGrainFactory>();
    for (var round = 0; round < 2; round++)
    {
        var prefix = round;
        await Measure.ThroughputAsync("fresh activation, stateless worker", count, 16, i => silo.GetGrain<IOnceGrain>($"{prefix}-{i}").RunAsync(i));
        await Measure.ThroughputAsync("fresh activation, directory of two silos", count / 2, 16, i => silo.GetGrain<IEchoGrain>($"fresh-{prefix}-{i}").EchoAsync(i));
    }
}

static async Task PrintCallsAsync(string name, IEchoGrain caller, string key, int count)
{
    var allocated = GC.GetTotalAllocatedBytes();
    var times = await caller.CallOtherAsync(key, count);
    Measure.Print(name, times, GC.GetTotalAllocatedBytes() - allocated);
}

// The keys of a grain on the silo of the caller and of one on the other.
static async Task<(string Near, string Far)> FindPairAsync(IGrainFactory grains)
{
    var home = await grains.GetGrain<IEchoGrain>("caller-0").WhereAsync();
    string? near = null;
    string? far = null;
    for (var i = 0; near is null || far is null; i++)
    {
        var key = $"other-{i}";
        if (await grains.GetGrain<IEchoGrain>(key).WhereAsync() == home)
        {
            near ??= key;
        }
        else
        {
            far ??= key;
        }
    }

    return (near, far);
}
