using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;

namespace Dpark.Benchmarks.Calls;

/// <summary>What a call and a fresh activation cost. Everything is in one process.</summary>
internal static class CallCosts
{
    /// <summary>Between grains, on two silos.</summary>
    public static async Task PrintSilosAsync(int count, bool isTcp)
    {
        var network = isTcp ? "over TCP" : "in memory";
        await using (var cluster = await DeployAsync(2, isTcp))
        {
            var (near, far) = await FindPairAsync(cluster.Client);
            var caller = cluster.Client.GetGrain<IEchoGrain>("caller-0");
            for (var warm = 0; warm < 2; warm++)
            {
                await caller.CallOtherAsync(near, count / 2);
                await caller.CallOtherAsync(far, count / 10);
            }

            await Measure.PrintSequenceAsync("grain to grain of the same silo", () => caller.CallOtherAsync(near, count));
            await Measure.PrintSequenceAsync($"grain to grain of another silo, {network}", () => caller.CallOtherAsync(far, count / 5));

            var silo = ((InProcessSiloHandle)cluster.Primary!).SiloHost.Services.GetRequiredService<IGrainFactory>();
            for (var round = 0; round < 2; round++)
            {
                var prefix = round;
                await Measure.PrintThroughputAsync("fresh activation, stateless worker", count, 16, i => silo.GetGrain<IOnceGrain>($"{prefix}-{i}").RunAsync(i));
                await Measure.PrintThroughputAsync(
                    "fresh activation, directory of two silos", count / 2, 16, i => silo.GetGrain<IEchoGrain>($"fresh-{prefix}-{i}").EchoAsync(i));
            }
        }
    }

    /// <summary>From a client, on one silo, so that no call goes on from the gateway to another one.</summary>
    public static async Task PrintClientAsync(int count, bool isTcp)
    {
        var network = isTcp ? "over TCP" : "in memory";
        await using (var cluster = await DeployAsync(1, isTcp))
        {
            var client = cluster.Client.GetGrain<IEchoGrain>("client-0");
            // Until the code of both sides is compiled for good: until then a lone call takes half as long again.
            await Measure.SequenceAsync(count, client.EchoAsync);
            await Measure.PrintSequenceAsync($"client to grain, {network}", () => Measure.SequenceAsync(count / 5, client.EchoAsync));
            await Measure.PrintThroughputAsync($"client to grain, {network}", count / 2, 16, client.EchoAsync);
            await Measure.PrintThroughputAsync($"client to grain, {network}", count, 64, client.EchoAsync);
            var megabyte = new byte[1024 * 1024];
            await Measure.SequenceAsync(100, _ => client.MeasureAsync(megabyte));
            await Measure.PrintSequenceAsync($"client to grain with 1 MiB, {network}", () => Measure.SequenceAsync(400, _ => client.MeasureAsync(megabyte)));
        }
    }

    private static async Task<TestCluster> DeployAsync(short siloCount, bool isTcp)
    {
        var builder = new TestClusterBuilder(siloCount);
        builder.Options.ConnectionTransport = isTcp ? ConnectionTransportType.TcpSocket : ConnectionTransportType.InMemory;
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    // The keys of a grain on the silo of the caller and of one on the other.
    private static async Task<(string Near, string Far)> FindPairAsync(IGrainFactory grains)
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
}
