using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Tests.TestingHost;

public sealed class InProcessTestClusterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task DeployAsync_Delegates_ConfigureEachSiloAndTheClient()
    {
        var names = new List<string>();
        var isClientConfigured = false;
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((options, silo) =>
        {
            lock (names)
            {
                names.Add(options.SiloName);
            }

            silo.Services.AddSingleton(new Marker(options.SiloName));
        });
        builder.ConfigureClient(_ => isClientConfigured = true);
        await using var cluster = builder.Build();

        await cluster.DeployAsync().WaitAsync(Limit);

        Assert.Equal(["Silo_0", "Silo_1"], names.Order());
        Assert.All(cluster.Silos, silo => Assert.Equal(silo.Name, silo.ServiceProvider.GetRequiredService<Marker>().Name));
        Assert.True(isClientConfigured);
    }

    [Fact]
    public async Task StopSiloAsync_First_OthersGoOnAndItCanBeRestarted()
    {
        await using var cluster = new InProcessTestClusterBuilder(2).Build();
        await cluster.DeployAsync().WaitAsync(Limit);
        var first = cluster.Silos[0];

        await cluster.StopSiloAsync(first).WaitAsync(Limit);
        var restarted = await cluster.RestartStoppedSecondarySiloAsync(first.Name).WaitAsync(Limit);
        await cluster.WaitForLivenessToStabilizeAsync().WaitAsync(Limit);

        var hosts = await cluster.Client.GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);
        Assert.True(cluster.Silos.Select(silo => silo.SiloAddress).ToHashSet().SetEquals(hosts.Keys));
        Assert.Equal(first.SiloAddress.Endpoint, restarted!.SiloAddress.Endpoint);
    }

    [Fact]
    public async Task TryKill_OfMembershipService_StopsThatSilo()
    {
        await using var cluster = new InProcessTestClusterBuilder(2).Build();
        await cluster.DeployAsync().WaitAsync(Limit);
        var victim = cluster.Silos[1];
        var stopped = new TaskCompletionSource();
        victim.ServiceProvider.GetRequiredService<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().ApplicationStopped.Register(stopped.SetResult);

        var isDead = await cluster.GetSiloServiceProvider().GetRequiredService<IClusterMembershipService>().TryKill(victim.SiloAddress).WaitAsync(Limit);

        Assert.True(isDead);
        await stopped.Task.WaitAsync(Limit);
    }

    private sealed record Marker(string Name);
}
