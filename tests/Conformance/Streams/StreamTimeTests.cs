using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Streams;

/// <summary>Streams that take longer than a call may, or that nobody reads.</summary>
public sealed class StreamTimeTests(StreamTimeTests.ShortTimeouts cluster) : IClassFixture<StreamTimeTests.ShortTimeouts>
{
    [Fact]
    public async Task Element_AfterMoreThanTheResponseTimeout_Arrives()
    {
        var key = TestKeys.New();
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        await using var numbers = cluster.Client.GetGrain<IStreamGrain>(key).GatedAsync().GetAsyncEnumerator();
        Assert.True(await numbers.MoveNextAsync().AsTask().Within("the first number"));

        var next = numbers.MoveNextAsync().AsTask();
        await gate.WaitForArrivalsAsync(1).Within("the iterator at the gate");

        // The time itself is what this is about: a call would be over.
        Assert.NotSame(next, await Task.WhenAny(next, Task.Delay(ShortTimeouts.ResponseTimeout * 2.5)));
        await gate.OpenAsync().Within("the gate");

        Assert.True(await next.Within("the second number"));
        Assert.Equal(2, numbers.Current);
    }

    [Fact]
    public async Task Enumerator_ThatNobodyReads_IsGivenUp()
    {
        var key = TestKeys.New();
        await using var numbers = cluster.Client.GetGrain<IStreamGrain>(key).GatedAsync().WithBatchSize(1).GetAsyncEnumerator();
        Assert.True(await numbers.MoveNextAsync().AsTask().Within("the first number"));

        await cluster.Client.GetGrain<IJournalGrain>(key).WaitForEntryAsync("disposed").Within("the end of the iterator");
        var exception = await numbers.MoveNextAsync().AsTask().FailureWithin("the next number");

        Assert.IsType<EnumerationAbortedException>(exception);
    }

    // An iterator that is at work when its grain is deactivated may hold the deactivation up until its time is over.
    [Fact]
    public async Task Deactivation_WhileTheIteratorWaits_AbortsTheEnumeration()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<IStreamGrain>(key);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        var reading = StreamTests.ToListAsync(grain.GatedAsync());
        await gate.WaitForArrivalsAsync(1).Within("the iterator at the gate");

        await grain.DeactivateAsync().Within("the deactivation");

        var exception = await reading.FailureWithin("the end of the enumeration");
        await gate.OpenAsync().Within("the gate");

        Assert.True(exception is EnumerationAbortedException || (Differences.StepsMayTimeOutAtDeactivation && exception is TimeoutException), exception.ToString());
    }

    public sealed class ShortTimeouts : ClusterFixture
    {
        public static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(4);

        protected override int SiloCount => 1;

        protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<Silo>().AddClientBuilderConfigurator<OfClient>();

        private sealed class Silo : ISiloConfigurator
        {
            public void Configure(ISiloBuilder siloBuilder)
            {
                siloBuilder.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
                siloBuilder.Configure<GrainCollectionOptions>(options => options.DeactivationTimeout = ResponseTimeout / 2);
            }
        }

        private sealed class OfClient : IClientBuilderConfigurator
        {
            public void Configure(Microsoft.Extensions.Configuration.IConfiguration configuration, IClientBuilder clientBuilder) =>
                clientBuilder.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
        }
    }
}
