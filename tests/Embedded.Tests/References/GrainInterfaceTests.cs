using Orleans;
using Orleans.Runtime;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.TypeSystem;

namespace Dpark.Embedded.Tests.References;

public interface IManyArgumentsGrain : IGrainWithStringKey
{
#pragma warning disable CA1068 // The token's place among the arguments is what the test is about.
    Task<string> JoinAsync(int a, string b, long c, char d, double e, bool f, byte g, string h, [Immutable] List<int> i, CancellationToken token, short j);
#pragma warning restore CA1068
}

public interface IOverloadsGrain : IGrainWithStringKey
{
    Task PutAsync(int value);

    Task PutAsync(string value);
}

public interface IPropertyGrain : IGrainWithStringKey
{
    Task<int> Value { get; }
}

public interface IReferenceParameterGrain : IGrainWithStringKey
{
    Task SetAsync(ref int value);
}

public interface IPlainResultGrain : IGrainWithStringKey
{
    int Get();
}

public interface ISameAliasGrain : IGrainWithStringKey
{
    [Alias("Put")]
    Task PutAsync(int value);

    [Alias("Put")]
    Task PutOtherAsync(int value);
}

internal interface IInternalGrain : IGrainWithStringKey
{
    ValueTask<int> GetAsync();
}

public sealed class GrainInterfaceTests
{
    [Fact]
    public async Task Invoke_MoreArgumentsThanATupleHas_ReachTheirParameters()
    {
        var method = Assert.Single(GrainInterface.Of(typeof(IManyArgumentsGrain)).Methods);
        List<int> shared = [1, 2];
        var request = (Request)Activator.CreateInstance(
            typeof(Request<>).MakeGenericType(method.GetType().GetGenericArguments()[0]), method, NewArguments(method, [1, "b", 3L, 'd', 5.5, true, (byte)7, "h", shared, (short)10]))!;
        request.SetTarget(new Target(new ManyArguments()));

        var response = await request.Invoke();

        Assert.Equal("1 b 3 d 5.5 True 7 h 2 10 True", response.Result);
        Assert.Equal(10, request.GetArgumentCount());
        Assert.Same(shared, request.GetArgument(8));
        Assert.True(method.TakesToken);
    }

    [Fact]
    public async Task SetArgument_InTheNestedTuple_IsSeenByTheCallee()
    {
        var method = Assert.Single(GrainInterface.Of(typeof(IManyArgumentsGrain)).Methods);
        var request = (Request)Activator.CreateInstance(
            typeof(Request<>).MakeGenericType(method.GetType().GetGenericArguments()[0]), method, NewArguments(method, [1, "b", 3L, 'd', 5.5, true, (byte)7, "h", new List<int>(), (short)10]))!;
        request.SetTarget(new Target(new ManyArguments()));

        request.SetArgument(9, (short)99);
        request.SetArgument(8, new List<int> { 4, 5, 6 });
        var response = await request.Invoke();

        Assert.Equal("1 b 3 d 5.5 True 7 h 3 99 True", response.Result);
        Assert.Throws<ArgumentOutOfRangeException>(() => request.GetArgument(10));
    }

    [Fact]
    public void Methods_Overloads_HaveDifferentIds() =>
        Assert.Equal(2, GrainInterface.Of(typeof(IOverloadsGrain)).Methods.Select(method => method.Id).Distinct().Count());

    [Fact]
    public void Of_InternalInterface_HasAProxy() => Assert.Single(GrainInterface.Of(typeof(IInternalGrain)).Methods);

    [Theory]
    [InlineData(typeof(IPropertyGrain), "belongs to a property")]
    [InlineData(typeof(IReferenceParameterGrain), "passed by reference")]
    [InlineData(typeof(IPlainResultGrain), "returns System.Int32")]
    [InlineData(typeof(ISameAliasGrain), "Give each its own [Alias]")]
    [InlineData(typeof(IDisposable), "is not a grain interface")]
    public void Of_InterfaceThatCannotBeCalled_SaysWhy(Type type, string reason)
    {
        var error = Assert.Throws<ArgumentException>(() => GrainInterface.Of(type));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_UnknownName_IsNamed()
    {
        var error = Assert.Throws<OrleansException>(() => GrainInterface.Of(GrainInterfaceType.Create("no.such.interface"), new TypeManifest(new TypeManifestOptions())));

        Assert.Contains("'no.such.interface'", error.Message, StringComparison.Ordinal);
    }

    private static object NewArguments(InterfaceMethod method, object[] values)
    {
        var tuple = Activator.CreateInstance(method.GetType().GetGenericArguments()[0])!;
        for (var i = 0; i < values.Length; i++)
        {
            tuple = ArgumentTuples.With(tuple, i, values[i]);
        }

        return tuple;
    }

    private sealed class ManyArguments : IManyArgumentsGrain
    {
        public Task<string> JoinAsync(int a, string b, long c, char d, double e, bool f, byte g, string h, List<int> i, CancellationToken token, short j) =>
            Task.FromResult(FormattableString.Invariant($"{a} {b} {c} {d} {e} {f} {g} {h} {i.Count} {j} {token.CanBeCanceled}"));
    }

    private sealed class Target(object grain) : Orleans.Serialization.Invocation.ITargetHolder
    {
        public object GetTarget() => grain;

        public object? GetComponent(Type componentType) => null;
    }
}
