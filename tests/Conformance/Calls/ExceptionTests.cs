using Dpark.Conformance.Clusters;
using Dpark.Conformance.Serialization;
using Orleans.Serialization;

namespace Dpark.Conformance.Calls;

[Collection(SharedClusterCollection.Name)]
public sealed class ExceptionTests(SharedCluster cluster)
{
    [Fact]
    public async Task GeneratedException_AtClient_KeepsFieldsAndRemoteStack()
    {
        var exception = Assert.IsType<OrderFailedException>(await FailAsync(FailureKind.Generated));

        Assert.Equal(("no stock", 7L), (exception.Message, exception.Number));
        Assert.Contains("FailingGrain.ThrowFailure", exception.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InnerException_AtClient_KeepsType()
    {
        var exception = Assert.IsType<OrderFailedException>(await FailAsync(FailureKind.WithInner));

        Assert.Equal("inner", Assert.IsType<InvalidOperationException>(exception.InnerException).Message);
    }

    [Fact]
    public async Task SystemException_AtClient_KeepsTypeAndMessage() =>
        Assert.Equal("no key", Assert.IsType<KeyNotFoundException>(await FailAsync(FailureKind.System)).Message);

    [Fact]
    public async Task AggregateException_AtClient_KeepsInners()
    {
        var exception = Assert.IsType<AggregateException>(await FailAsync(FailureKind.Aggregate));

        Assert.Equal([typeof(TimeoutException), typeof(OrderFailedException)], exception.InnerExceptions.Select(inner => inner.GetType()));
        Assert.Equal(8, ((OrderFailedException)exception.InnerExceptions[1]).Number);
    }

    [Fact]
    public async Task TaskCanceledException_AtClient_KeepsType() =>
        Assert.Equal("stopped", Assert.IsType<TaskCanceledException>(await FailAsync(FailureKind.TaskCanceled)).Message);

    [Fact]
    public async Task UnmarkedException_AtClient_IsCodecNotFound()
    {
        var exception = await FailAsync(FailureKind.Unmarked);

        Assert.StartsWith("Could not find a codec for type", Assert.IsType<CodecNotFoundException>(exception).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExceptionOfSynchronousPart_AtClient_IsTheSame()
    {
        var call = cluster.Client.GetGrain<IFailingGrain>(TestKeys.New()).FailWithResultAsync(FailureKind.Generated).AsTask();

        Assert.Equal(7, Assert.IsType<OrderFailedException>(await call.FailureWithin("the failing call")).Number);
    }

    [Fact]
    public async Task UnmarkedException_AtGrainOfSameSilo_PassesAsItIs()
    {
        var caught = await CatchAsync(FailureKind.Unmarked, sameSilo: true);

        Assert.Equal((nameof(UnmarkedException), "unknown"), (caught.TypeName, caught.Message));
        Assert.Contains("FailingGrain.ThrowFailure", caught.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnmarkedException_AtGrainOfOtherSilo_IsCodecNotFound() =>
        Assert.Equal(nameof(CodecNotFoundException), (await CatchAsync(FailureKind.Unmarked, sameSilo: false)).TypeName);

    [Theory]
    [InlineData(FailureKind.Generated, nameof(OrderFailedException), null)]
    [InlineData(FailureKind.System, nameof(KeyNotFoundException), null)]
    [InlineData(FailureKind.Aggregate, nameof(AggregateException), nameof(TimeoutException))]
    [InlineData(FailureKind.TaskCanceled, nameof(TaskCanceledException), null)]
    [InlineData(FailureKind.WithInner, nameof(OrderFailedException), nameof(InvalidOperationException))]
    public async Task Exception_AtGrainOfAnySilo_KeepsType(FailureKind kind, string type, string? inner)
    {
        foreach (var sameSilo in new[] { true, false })
        {
            var caught = await CatchAsync(kind, sameSilo);

            Assert.Equal((type, inner), (caught.TypeName, caught.InnerTypeName));
            Assert.Contains("FailingGrain.ThrowFailure", caught.StackTrace, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Exception_OfOneCall_LeavesTheActivationAlone()
    {
        var grain = cluster.Client.GetGrain<IFailingGrain>(TestKeys.New());

        await grain.FailAsync(FailureKind.Generated).FailureWithin("the first call");
        await grain.FailAsync(FailureKind.Generated).FailureWithin("the second call");

        Assert.Equal(2, await grain.PingAsync().Within("the count of calls"));
    }

    private Task<Exception> FailAsync(FailureKind kind) =>
        cluster.Client.GetGrain<IFailingGrain>(TestKeys.New()).FailAsync(kind).FailureWithin($"the call that fails by {kind}");

    private async Task<CaughtException> CatchAsync(FailureKind kind, bool sameSilo)
    {
        var failing = TestKeys.New("failing");
        var catching = cluster.Client.GetGrain<ICatchingGrain>(TestKeys.New("catching"));
        await Placed.OnAsync(cluster.Silos[sameSilo ? 0 : 1], () => cluster.Client.GetGrain<IFailingGrain>(failing).PingAsync()).Within("the callee");
        await Placed.OnAsync(cluster.Silos[0], () => catching.CatchAsync(failing, null)).Within("the caller");

        var caught = await catching.CatchAsync(failing, kind).Within($"the caught {kind}");

        return Assert.IsType<CaughtException>(caught);
    }
}
