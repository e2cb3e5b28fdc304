using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.GrainServices;

public sealed class GrainServiceTests(GrainServiceTests.WithService cluster) : IClassFixture<GrainServiceTests.WithService>
{
    [Fact]
    public async Task Service_OfEachSilo_AnswersThere()
    {
        foreach (var silo in cluster.Silos)
        {
            Assert.Equal(silo.ToParsableString(), await Caller().WhereAsync(silo).Within("the service of a silo"));
            Assert.Matches($"^sys\\.svc\\.user\\.[0-9A-F]+/{silo.ToParsableString()}$", await Caller().IdAsync(silo).Within("its id"));
        }
    }

    [Fact]
    public async Task Requests_WithAwaitInside_AreInsideTogether()
    {
        var key = TestKeys.New();
        var gate = cluster.Client.GetGrain<IGateGrain>(key);

        var calls = Caller().EnterThriceAsync(cluster.Silos[1], key);
        await gate.WaitForArrivalsAsync(3).Within("three calls in the service");
        await gate.OpenAsync().Within("the gate");

        await calls.Within("the calls");
    }

    [Fact]
    public async Task Failure_OfTheService_ReachesTheCaller()
    {
        var exception = await Caller().FailAsync(cluster.Silos[2], "no echo").FailureWithin("the failure");

        Assert.Equal("no echo", Assert.IsType<InvalidOperationException>(exception).Message);
    }

    [Fact]
    public async Task Arguments_OfACall_AreCopied()
    {
        foreach (var silo in cluster.Silos)
        {
            Assert.True(await Caller().IsCopiedAsync(silo).Within("the list"));
        }
    }

    [Fact]
    public async Task Start_OfASilo_StartsTheService()
    {
        foreach (var silo in cluster.Silos)
        {
            Assert.Equal("init start background Started", await Caller().LifeAsync(silo).Within("the life of the service"));
        }
    }

    [Fact]
    public async Task Ranges_OfAllSilos_CoverEachKeyOnce()
    {
        foreach (var key in new uint[] { 0, 1, 0x1234_5678, 0x7FFF_FFFF, 0x8000_0000, 0xABCD_EF01, uint.MaxValue })
        {
            var owner = await Caller().WhereAsync(key).Within("the service for a key");
            var owning = new List<string>();
            foreach (var silo in cluster.Silos)
            {
                if (await Caller().OwnsAsync(silo, key).Within("whether it owns the key"))
                {
                    owning.Add(silo.ToParsableString());
                }
            }

            Assert.Equal([owner], owning);
        }
    }

    [Fact]
    public async Task ServiceForAGrain_IsThatOfItsHash()
    {
        var (byCaller, byHash) = await Caller().WhereForCallerAsync().Within("both services");

        Assert.Equal(byHash, byCaller);
    }

    private IServiceCallerGrain Caller() => cluster.Client.GetGrain<IServiceCallerGrain>(TestKeys.New());

    public sealed class WithService : ClusterFixture
    {
        protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<EchoServiceSilo>();
    }
}

public sealed class EchoServiceSilo : ISiloConfigurator
{
    public void Configure(ISiloBuilder siloBuilder)
    {
        siloBuilder.AddGrainService<EchoService>();
        siloBuilder.Services.AddSingleton<IEchoServiceClient, EchoServiceClient>();
    }
}
