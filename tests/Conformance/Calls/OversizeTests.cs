using Dpark.Conformance.Clusters;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Calls;

/// <summary>Bodies of at most 1 MiB.</summary>
public sealed class SmallMessageCluster : ClusterFixture
{
    public const int MaxBodyBytes = 1 << 20;

    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder)
    {
        builder.AddSiloBuilderConfigurator<SmallSilo>();
        builder.AddClientBuilderConfigurator<SmallClient>();
    }

    public sealed class SmallSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) =>
            siloBuilder.Configure<SiloMessagingOptions>(options => options.MaxMessageBodySize = MaxBodyBytes);
    }

    public sealed class SmallClient : IClientBuilderConfigurator
    {
        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) =>
            clientBuilder.Configure<ClientMessagingOptions>(options => options.MaxMessageBodySize = MaxBodyBytes);
    }
}

[Alias("conformance.IBulkGrain")]
public interface IBulkGrain : IGrainWithStringKey
{
    /// <summary>Returns as many bytes as asked for.</summary>
    [ResponseTimeout("00:00:03"), Alias("Exchange")]
    Task<byte[]> ExchangeAsync(byte[] sent, int returnedBytes);

    /// <summary>Exchanges with another grain. Returns the type name of the exception, or the bytes received.</summary>
    [ResponseTimeout("00:00:20"), Alias("Relay")]
    Task<string> RelayAsync(string other, int sentBytes, int returnedBytes);
}

[GrainType("conformance.bulk"), RandomPlacement]
public sealed class BulkGrain : Grain, IBulkGrain
{
    public Task<byte[]> ExchangeAsync(byte[] sent, int returnedBytes) => Task.FromResult(new byte[returnedBytes]);

    public async Task<string> RelayAsync(string other, int sentBytes, int returnedBytes)
    {
        try
        {
            return $"{(await GrainFactory.GetGrain<IBulkGrain>(other).ExchangeAsync(new byte[sentBytes], returnedBytes)).Length}";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}

public sealed class OversizeTests(SmallMessageCluster cluster) : IClassFixture<SmallMessageCluster>
{
    private const int Small = SmallMessageCluster.MaxBodyBytes / 2;
    private const int TooLarge = SmallMessageCluster.MaxBodyBytes + 1;

    [Theory]
    [InlineData(TooLarge, 1)]
    [InlineData(1, TooLarge)]
    public async Task TooLargeBody_BetweenClientAndGrain_TimesOutAndTheClusterGoesOn(int sent, int returned)
    {
        var grain = cluster.Client.GetGrain<IBulkGrain>(TestKeys.New());

        var exception = await grain.ExchangeAsync(new byte[sent], returned).FailureWithin("the exchange of too much");
        var after = await ExchangeLessAsync(grain).Within("an exchange of less");

        Assert.IsType<TimeoutException>(exception);
        Assert.Equal(Small, after.Length);
    }

    private static async Task<byte[]> ExchangeLessAsync(IBulkGrain grain)
    {
        while (true)
        {
            try
            {
                return await grain.ExchangeAsync(new byte[Small], Small);
            }
            catch (Exception exception) when (Differences.TooLargeMessagesAreSentAgain && exception is TimeoutException or OrleansException)
            {
                // The message that was too large breaks the connection again.
            }
        }
    }
}
