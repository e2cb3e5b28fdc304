using Dpark.Conformance.Clusters;
using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Orleans.Serialization.Invocation;
using Orleans.TestingHost;

namespace Dpark.Conformance.Filters;

public sealed class FilterCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder)
    {
        builder.AddSiloBuilderConfigurator<FilteredSilo>();
        builder.AddClientBuilderConfigurator<FilteredClient>();
    }

    public sealed class FilteredSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder)
        {
            siloBuilder.AddIncomingGrainCallFilter<OuterFilter>();
            siloBuilder.AddIncomingGrainCallFilter<InnerFilter>();
            siloBuilder.AddOutgoingGrainCallFilter<OutgoingFilter>();
        }
    }

    public sealed class FilteredClient : IClientBuilderConfigurator
    {
        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) =>
            clientBuilder.AddOutgoingGrainCallFilter<OutgoingFilter>();
    }
}

public sealed class FilterTests(FilterCluster cluster) : IClassFixture<FilterCluster>
{
    private const string Inside = "outer inner MarksAsync@conformance.filtered FilteredGrain.MarksAsync True grain";

    private IFilteredGrain Grain => cluster.Client.GetGrain<IFilteredGrain>(TestKeys.New());

    [Fact]
    public async Task Filters_OfClientSiloAndGrain_RunInOrder() =>
        Assert.Equal($"from:client {Inside}", await Grain.MarksAsync().Within("a filtered call"));

    [Fact]
    public async Task OutgoingFilter_InGrain_KnowsItsGrain()
    {
        var marks = await Grain.RelayAsync(TestKeys.New()).Within("a relayed call");

        Assert.EndsWith($" from:conformance.filtered {Inside}", marks, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IncomingFilter_ChangesArgumentAndResult_CallerSeesIt() =>
        Assert.Equal(100 + (2 * (5 + 1)), await Grain.DoubleAsync(5).Within("a filtered call"));

    [Fact]
    public async Task IncomingFilter_ReplacesException_CallerSeesIt()
    {
        var exception = await Grain.FailAsync().FailureWithin("the failing call");

        Assert.Equal("replaced: the callee failed", Assert.IsType<NotSupportedException>(exception).Message);
    }

    [Fact]
    public async Task IncomingFilter_SetsResultWithoutInvoke_CalleeIsNotCalled() =>
        Assert.Equal(42, await Grain.SkipAsync().Within("a call that a filter answers"));

    [Fact]
    public async Task IncomingFilter_SetsResponseOfObject_CallerGetsTheValue() =>
        Assert.Equal(43, await Grain.AnswerAsync().Within("a call that a filter answers"));

    [Fact]
    public async Task CallWithoutResult_Filtered_HasNoResultInAnyFilter() =>
        Assert.Null(await Record.ExceptionAsync(() => Grain.NothingAsync().Within("a call whose filters throw when they see a result")));

    [Fact]
    public void Completed_ResultSet_Throws()
    {
        Assert.Throws<InvalidOperationException>(() => Response.Completed.Result = 1);
        Assert.Null(Response.Completed.Result);
    }

    [Fact]
    public async Task IncomingFilter_NeitherInvokesNorAnswers_IsInvalidOperation()
    {
        var exception = await Grain.SkipWithoutResultAsync().FailureWithin("a call that a filter drops");

        Assert.IsType<InvalidOperationException>(exception);
        Assert.NotEqual("never called", exception.Message);
    }
}
