using Dpark.Conformance.Clusters;
using Dpark.Conformance.Serialization;
using Orleans.Serialization;

namespace Dpark.Conformance.Calls;

[Collection(SharedClusterCollection.Name)]
public sealed class ArgumentCopyTests(SharedCluster cluster)
{
    /// <summary>The caller has its two numbers, the callee those and the one that it added: nobody sees the other's changes.</summary>
    private static readonly CopyReport Copied = new(2, 3);

    /// <summary>One list with the numbers of both.</summary>
    private static readonly CopyReport SharedByBoth = new(5, 5);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PlainArgumentAndResult_AnySilo_AreCopied(bool sameSilo)
    {
        var (caller, callee) = await PlaceAsync(sameSilo);

        var report = await caller.PlainAsync(callee).Within("the report of the caller");

        Assert.Equal(Copied, report);
    }

    [Fact]
    public async Task ImmutableType_SameSilo_IsShared()
    {
        var (caller, callee) = await PlaceAsync(sameSilo: true);

        Assert.Equal(SharedByBoth, await caller.SharedAsync(callee).Within("the report of the caller"));
    }

    [Fact]
    public async Task ImmutableValue_SameSilo_IsShared()
    {
        var (caller, callee) = await PlaceAsync(sameSilo: true);

        Assert.Equal(SharedByBoth, await caller.ImmutableValueAsync(callee).Within("the report of the caller"));
    }

    [Fact]
    public async Task ImmutableParameter_SameSilo_IsShared()
    {
        var (caller, callee) = await PlaceAsync(sameSilo: true);

        Assert.Equal(3, await caller.MarkedAsync(callee).Within("the report of the caller"));
    }

    [Fact]
    public async Task ImmutableArguments_OtherSilo_AreCopied()
    {
        var (caller, callee) = await PlaceAsync(sameSilo: false);

        Assert.Equal(Copied, await caller.SharedAsync(callee).Within("the report of the caller"));
        Assert.Equal(Copied, await caller.ImmutableValueAsync(callee).Within("the report of the caller"));
        Assert.Equal(2, await caller.MarkedAsync(callee).Within("the report of the caller"));
    }

    [Fact]
    public async Task Arguments_FromClient_AreCopied()
    {
        List<int> argument = [1, 2];
        var callee = cluster.Client.GetGrain<IArgumentGrain>(TestKeys.New());

        var result = await callee.AddAsync(argument).Within("the result");
        result.Add(4);

        Assert.Equal(2, argument.Count);
        Assert.Equal([1, 2, 0, 4], result);
        Assert.Equal(3, await callee.KeptCountAsync().Within("what the callee kept"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UncopyableValues_AnySilo_ThrowCodecNotFound(bool sameSilo)
    {
        var (caller, callee) = await PlaceAsync(sameSilo);

        var argument = await caller.SendUncopyableAsync(callee).Within("the exception of the argument");
        var result = await caller.ReceiveUncopyableAsync(callee).Within("the exception of the result");

        Assert.StartsWith("CodecNotFoundException: Could not find a copier for type", argument, StringComparison.Ordinal);
        Assert.StartsWith("CodecNotFoundException: Could not find a copier for type", result, StringComparison.Ordinal);
    }

    [Fact]
    public void UncopyableArgument_FromClient_ThrowsCodecNotFound()
    {
        var callee = cluster.Client.GetGrain<IArgumentGrain>(TestKeys.New());

        Assert.Throws<CodecNotFoundException>(() => { _ = callee.EchoAsync(new LinkedList<int>([1])); });
    }

    [Fact]
    public async Task Echo_ValuesOfManyTypes_AreEqual()
    {
        var callee = cluster.Client.GetGrain<IArgumentGrain>(TestKeys.New());
        object?[] values =
        [
            null, 1, -1L, 2.5, 3m, "text", 'c', true, Guid.NewGuid(), TimeSpan.FromTicks(7), new DateOnly(2026, 8, 22), DayOfWeek.Friday,
            new byte[] { 1, 2 }, new Point(1, 2), new Order(7, "c", new Point(3, 4), 0.5, ["a", "b"]).Lines, (1, "two"),
            new Dictionary<string, int> { ["a"] = 1 }, typeof(Order), callee.GetGrainId(), cluster.Silos[0],
        ];

        foreach (var value in values)
        {
            Assert.Equal(value, await callee.EchoAsync(value).Within($"the echo of {value}"));
        }
    }

    /// <summary>A caller and the key of a callee, both active, on the same silo or on different ones.</summary>
    private async Task<(IArgumentCallerGrain Caller, string Callee)> PlaceAsync(bool sameSilo)
    {
        var caller = cluster.Client.GetGrain<IArgumentCallerGrain>(TestKeys.New("caller"));
        var warmUp = TestKeys.New("warm-up");
        var callee = TestKeys.New("callee");
        var calleeSilo = cluster.Silos[sameSilo ? 0 : 1];
        await Placed.OnAsync(calleeSilo, cluster.Client.GetGrain<IArgumentGrain>(callee).KeptCountAsync).Within("the callee");
        await Placed.OnAsync(cluster.Silos[0], () => caller.MarkedAsync(warmUp)).Within("the caller");
        return (caller, callee);
    }
}
