using Dpark.Conformance.Clusters;
using Dpark.Conformance.Serialization;

namespace Dpark.Conformance.Generics;

[Collection(SharedClusterCollection.Name)]
public sealed class GenericTests(SharedCluster cluster)
{
    [Fact]
    public async Task GenericInterface_OfTwoTypes_AreTwoGrains()
    {
        var key = TestKeys.New();
        var numbers = cluster.Client.GetGrain<IBoxGrain<int>>(key);
        var texts = cluster.Client.GetGrain<IBoxGrain<string>>(key);

        await numbers.PutAsync(5).Within("a number");
        await texts.PutAsync("five").Within("a text");

        Assert.Equal(5, await numbers.TakeAsync().Within("the number"));
        Assert.Equal("five", await texts.TakeAsync().Within("the text"));
        Assert.NotEqual(numbers.GetGrainId(), texts.GetGrainId());
    }

    [Fact]
    public async Task GenericInterface_ArgumentsOfAllKinds_ReachTheClass()
    {
        var key = TestKeys.New();

        Assert.Equal(typeof(int).ToString(), await cluster.Client.GetGrain<IBoxGrain<int>>(key).ArgumentsAsync().Within("int"));
        Assert.Equal(typeof(Guid?).ToString(), await cluster.Client.GetGrain<IBoxGrain<Guid?>>(key).ArgumentsAsync().Within("Guid?"));
        Assert.Equal(typeof(int[]).ToString(), await cluster.Client.GetGrain<IBoxGrain<int[]>>(key).ArgumentsAsync().Within("an array"));
        Assert.Equal(typeof(Circle).ToString(), await cluster.Client.GetGrain<IBoxGrain<Circle>>(key).ArgumentsAsync().Within("a class"));
        Assert.Equal(
            typeof(Dictionary<string, List<(int, Circle)>>).ToString(),
            await cluster.Client.GetGrain<IBoxGrain<Dictionary<string, List<(int, Circle)>>>>(key).ArgumentsAsync().Within("a nested type"));
    }

    [Fact]
    public void GenericInterface_Id_HasArityAndArguments()
    {
        Assert.Equal("pair`2[[long],[string]]/FF", cluster.Client.GetGrain<IPairGrain<long, string>>(255).GetGrainId().ToString());
        Assert.Equal(
            "conformance.box`1[[System.Collections.Generic.List`1[[Guid]]]]/a",
            cluster.Client.GetGrain<IBoxGrain<List<Guid>>>("a").GetGrainId().ToString());
        Assert.Equal("conformance.box`1[[int[,][]]]/a", cluster.Client.GetGrain<IBoxGrain<int[][,]>>("a").GetGrainId().ToString());
        Assert.Equal(
            "GrainReference:conformance.box`1[[conformance.Circle]]/a:Dpark.Conformance.Generics.IBoxGrain`1[[conformance.Circle]]",
            cluster.Client.GetGrain<IBoxGrain<Circle>>("a").ToString());
        Assert.Equal(
            "conformance.box`1[[System.Net.IPAddress,System.Net.Primitives]]/a",
            cluster.Client.GetGrain<IBoxGrain<System.Net.IPAddress>>("a").GetGrainId().ToString());
        Assert.Equal(
            "conformance.box`1[[Dpark.Conformance.Generics.IParserGrain`1[[System.Uri,System.Private.Uri]],Dpark.Orleans.Conformance]]/a",
            cluster.Client.GetGrain<IBoxGrain<IParserGrain<Uri>>>("a").GetGrainId().ToString());
    }

    [Fact]
    public async Task GenericInterface_WithConstraint_KeepsStateAndId()
    {
        var grain = cluster.Client.GetGrain<IPairGrain<long, string>>(8_191);

        await grain.AddAsync(1, "a").Within("the first value");
        var values = await grain.AddAsync(1, "b").Within("the second value");

        Assert.Equal(["a", "b"], values[2]);
        Assert.Equal(grain.GetGrainId().ToString(), await grain.IdAsync().Within("the id"));
    }

    [Fact]
    public async Task GenericInterface_ImplementedForOneType_IsFoundForThatTypeOnly()
    {
        var grain = cluster.Client.GetGrain<IParserGrain<int>>(TestKeys.New());

        Assert.Equal(17, await grain.ParseAsync("17").Within("the number"));
        Assert.Equal("conformance.int-parser", grain.GetGrainId().Type.ToString());
        Assert.Throws<ArgumentException>(() => cluster.Client.GetGrain<IParserGrain<string>>(TestKeys.New()));
    }

    [Fact]
    public async Task GenericInterface_AsArgument_IsUsableInTheCallee()
    {
        var from = cluster.Client.GetGrain<IBoxGrain<Circle>>(TestKeys.New());
        var to = cluster.Client.GetGrain<IBoxGrain<Circle>>(TestKeys.New());
        await from.PutAsync(new Circle { Name = "Rex" }).Within("a value");

        await from.MoveToAsync(to).Within("the move");

        Assert.Equal("Rex", (await to.TakeAsync().Within("the value"))?.Name);
    }

    [Fact]
    public async Task GenericInterface_ByIdWithoutInterface_ReachesTheSameActivation()
    {
        var grain = cluster.Client.GetGrain<IBoxGrain<long>>(TestKeys.New());
        await grain.PutAsync(8).Within("a value");

        var again = cluster.Client.GetGrain(grain.GetGrainId()).AsReference<IBoxGrain<long>>();

        Assert.Equal(8, await again.TakeAsync().Within("the value"));
    }

    [Fact]
    public async Task GenericGrains_CalledFromAGrain_Answer()
    {
        var caller = cluster.Client.GetGrain<IGenericCallerGrain>(TestKeys.New());

        Assert.Equal("x", await caller.BoxAsync(TestKeys.New(), "x").Within("a generic interface"));
        Assert.Equal(1.5m, await caller.EchoAsync(TestKeys.New(), 1.5m).Within("a generic method"));
    }

    [Fact]
    public async Task GenericMethod_OfAnyType_KeepsValueAndType()
    {
        var grain = Methods();

        Assert.Equal(5, await grain.EchoAsync<int>(5).Within("a number"));
        Assert.Equal("x", await grain.EchoAsync("x").Within("a text"));
        Assert.Null(await grain.EchoAsync<string?>(null).Within("null"));
        Assert.Equal([1, 2], await grain.EchoAsync(new List<int> { 1, 2 }).Within("a list"));
        Assert.Equal("Rex", (await grain.EchoAsync(new Circle { Name = "Rex" }).Within("an object")).Name);
        Assert.IsType<Ring>(await grain.EchoAsync<Circle>(new Ring { Name = "Rex" }).Within("a derived object"));
        Assert.Equal(typeof(Dictionary<string, Guid>).ToString(), await grain.NameOfAsync<Dictionary<string, Guid>>().AsTask().Within("the name"));
    }

    [Fact]
    public async Task GenericMethod_BesideOneThatIsNot_BothAreReached()
    {
        var grain = Methods();

        Assert.Equal(6, await grain.EchoAsync(5).Within("the plain method"));
        Assert.Equal(5, await grain.EchoAsync<int>(5).Within("the generic method"));
    }

    [Fact]
    public async Task GenericMethod_SeveralTypes_KeepTheirOrder()
    {
        var (second, first) = await Methods().SwapAsync(1, "two").Within("the swap");

        Assert.Equal((1, "two"), (first, second));
    }

    [Fact]
    public async Task GenericMethod_WithConstraints_IsCallable()
    {
        var grain = Methods();

        Assert.Equal(12, await grain.SumAsync([1, 2, 3], 2).Within("integers"));
        Assert.Equal(1.5, await grain.SumAsync([0.5, 0.25], 2).Within("doubles"));
        Assert.Equal("Ring Rex", await grain.ReadAsync(new Ring { Name = "Rex" }).Within("a class"));
    }

    [Fact]
    public async Task GenericMethod_ImmutableParameter_IsKept()
    {
        var grain = Methods();

        await grain.KeepAsync(["a", "b"]).Within("the array");

        Assert.Equal(["a", "b"], await grain.KeptAsync<string>().Within("the array back"));
    }

    [Fact]
    public async Task GenericMethod_ManyParameters_KeepTheirOrder()
    {
        var text = await Methods().ManyAsync(1, 'b', 3, 'd', "e", ['f', 'g'], 7, 'h', 0.5).Within("the call with nine arguments");

        Assert.Equal("1 b 3 d e [f g] 7 h 0.5", text);
    }

    [Fact]
    public async Task GenericMethod_Throwing_PassesTheException()
    {
        var exception = await Methods().FailAsync<Guid>("broken").FailureWithin("the failure");

        Assert.Equal("broken Guid", Assert.IsType<InvalidOperationException>(exception).Message);
    }

    private IGenericMethodsGrain Methods() => cluster.Client.GetGrain<IGenericMethodsGrain>(TestKeys.New());
}
