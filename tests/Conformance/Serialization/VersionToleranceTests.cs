using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Dpark.Conformance.Serialization;

/// <summary>Messages that one version of a type writes and another reads, and how objects are made when they are read.</summary>
public sealed class VersionToleranceTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSingleton<ServedService>().AddSerializer().BuildServiceProvider();
    private readonly Serializer _serializer;

    public VersionToleranceTests() => _serializer = _services.GetRequiredService<Serializer>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Deserialize_MemberThatTheWriterLacks_IsWhatTheConstructorMadeIt()
    {
        var copy = ReadAs<AfterGrowth>(new BeforeGrowth { Kept = 5 });

        Assert.Equal((5, "default", null, null), (copy.Kept, copy.Added, copy.AddedNode, copy.AddedList));
    }

    [Fact]
    public void Deserialize_MemberThatTheReaderLacks_IsSkipped()
    {
        var node = new Node { Name = "n" };
        node.Next = node;

        Assert.Equal(5, ReadAs<BeforeGrowth>(new AfterGrowth { Kept = 5, Added = "x", AddedNode = node, AddedList = [1, 2] }).Kept);
    }

    [Fact]
    public void Deserialize_WiderNumbers_AreEqual()
    {
        var copy = ReadAs<AfterWidening>(new BeforeWidening { Negative = short.MinValue, Positive = byte.MaxValue, Wide = int.MinValue });

        Assert.Equal((short.MinValue, byte.MaxValue, int.MinValue), (copy.Negative, copy.Positive, copy.Wide));
    }

    [Fact]
    public void Deserialize_ParameterThatTheWriterLacks_IsNull()
    {
        var copy = ReadAs<AfterParameter>(new BeforeParameter(1) { Body = "body" });

        Assert.Equal(new AfterParameter(1, null) { Body = "body" }, copy);
        Assert.Equal(new BeforeParameter(1) { Body = "body" }, ReadAs<BeforeParameter>(new AfterParameter(1, "dropped") { Body = "body" }));
    }

    [Fact]
    public void Deserialize_MembersWithIdsOfTheirNames_AreEqual()
    {
        var copy = ReadAs<NamedMembers>(new NamedMembers { Number = 1, Text = "two" });

        Assert.Equal((1, "two"), (copy.Number, copy.Text));
    }

    [Fact]
    public void Deserialize_UntrackedObjectTwice_IsTwoObjects()
    {
        var untracked = new Untracked { Number = 1 };

        var copy = ReadAs<Box<Untracked[]>>(new Box<Untracked[]> { Value = [untracked, untracked] }).Value!;

        Assert.NotSame(copy[0], copy[1]);
        Assert.Equal((1, 1), (copy[0].Number, copy[1].Number));
    }

    [Fact]
    public void Deserialize_TypeWithActivator_IsMadeByIt()
    {
        var copy = ReadAs<Activated>(new Activated("test") { Number = 3 });

        Assert.Equal(("activator", 3), (copy.Origin, copy.Number));
    }

    [Fact]
    public void Deserialize_TypeWithServices_GetsThem()
    {
        var copy = ReadAs<Served>(new Served(new ServedService()) { Number = 4 });

        Assert.Same(_services.GetRequiredService<ServedService>(), copy.Service);
        Assert.Equal(4, copy.Number);
    }

    private T ReadAs<T>(object value)
    {
        var write = typeof(Serializer).GetMethods().Single(method => method.Name == nameof(Serializer.SerializeToArray) && method.GetParameters().Length == 1);
        var bytes = (byte[])write.MakeGenericMethod(value.GetType()).Invoke(_serializer, [value])!;
        return _serializer.Deserialize<T>(bytes)!;
    }
}
