using Dpark.Conformance.Clusters;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Observers;

/// <summary>Silos that remember a client for 1 s after it has gone.</summary>
public sealed class ForgetfulGatewayCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<ForgetfulGateway>();

    public sealed class ForgetfulGateway : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) =>
            siloBuilder.Configure<SiloMessagingOptions>(options => options.ClientDropTimeout = TimeSpan.FromSeconds(1));
    }
}

public sealed class VanishedClientTests(ForgetfulGatewayCluster cluster) : IClassFixture<ForgetfulGatewayCluster>
{
    [Fact]
    public async Task Ask_ObserverOfAClientThatIsGone_IsClientNotAvailable()
    {
        var key = TestKeys.New();
        var observer = new Answering();
        await cluster.Client.GetGrain<IAskingGrain>(key).SubscribeAsync(cluster.Client.CreateObjectReference<IAskedObserver>(observer)).Within("the subscription");
        await cluster.Cluster.KillClientAsync().Within("the end of the client");
        await cluster.Cluster.InitializeClientAsync().Within("another client");

        var failure = await UntilUnavailableAsync(cluster.Client.GetGrain<IAskingGrain>(key)).Within("the word that the client is gone");

        Assert.StartsWith(nameof(ClientNotAvailableException), failure, StringComparison.Ordinal);
        GC.KeepAlive(observer);
    }

    // Until the gateway has forgotten the client, calls to it end with their timeout.
    private static async Task<string> UntilUnavailableAsync(IAskingGrain grain)
    {
        while (true)
        {
            var failure = await grain.AskSubscriberAsync(1);
            if (!failure.StartsWith(nameof(TimeoutException), StringComparison.Ordinal))
            {
                return failure;
            }
        }
    }

    private sealed class Answering : IAskedObserver
    {
        public Task<int> AskAsync(int value) => Task.FromResult(value);

        public Task FailAsync() => Task.CompletedTask;

        public void Tell(string text)
        {
        }

        public Task TellAsync(string text) => Task.CompletedTask;

        public Task<int> HoldAsync() => Task.FromResult(0);

        public Task ReleaseAsync() => Task.CompletedTask;
    }
}
