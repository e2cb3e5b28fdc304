using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Serialization;

namespace Dpark.Conformance.Serialization;

public sealed class DeepCopierTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly DeepCopier _copier;

    public DeepCopierTests() => _copier = _services.GetRequiredService<DeepCopier>();

    public void Dispose() => _services.Dispose();

    [Fact]
    public void Copy_MutableGraph_SharesNothing()
    {
        var value = new Box<List<byte[]>> { Value = [[1, 2]] };

        var copy = _copier.Copy(value);

        Assert.NotSame(value, copy);
        Assert.NotSame(value.Value, copy.Value);
        Assert.NotSame(value.Value[0], copy.Value![0]);
        Assert.Equal(value.Value[0], copy.Value[0]);
    }

    [Fact]
    public void Copy_ImmutableType_IsSame()
    {
        var value = new ImmutableMessage { Numbers = [1] };

        Assert.Same(value, _copier.Copy(value));
    }

    [Fact]
    public void Copy_ImmutableMember_IsSharedAlone()
    {
        var value = new PartlyImmutable { Shared = [1], Copied = [2] };

        var copy = _copier.Copy(value);

        Assert.Same(value.Shared, copy.Shared);
        Assert.NotSame(value.Copied, copy.Copied);
        Assert.Equal(value.Copied, copy.Copied);
    }

    [Fact]
    public void Copy_ImmutableWrapper_SharesValue()
    {
        var value = new byte[] { 1 };

        Assert.Same(value, _copier.Copy(value.AsImmutable()).Value);
    }

    [Fact]
    public void Copy_String_IsSame()
    {
        var value = new string('x', 3);

        Assert.Same(value, _copier.Copy(value));
        Assert.Same(value, _copier.Copy<object>(value));
    }

    [Fact]
    public void Copy_CyclicGraph_KeepsIdentity()
    {
        var node = new Node { Name = "a" };
        node.Next = node;
        node.Others.Add(node);

        var copy = _copier.Copy(node);

        Assert.NotSame(node, copy);
        Assert.Same(copy, copy.Next);
        Assert.Same(copy, copy.Others[0]);
    }

    [Fact]
    public void Copy_DerivedTypeInBaseMember_KeepsType()
    {
        var value = new Box<Shape> { Value = new Ring { Name = "r", Radius = 3, InnerRadius = 2 } };

        var copy = Assert.IsType<Ring>(_copier.Copy(value).Value);

        Assert.NotSame(value.Value, copy);
        Assert.Equal(("r", 3.0, 2.0), (copy.Name, copy.Radius, copy.InnerRadius));
    }

    [Fact]
    public void Copy_PrivateAndReadOnlyMembers_AreCopied()
    {
        var copy = _copier.Copy(new Secretive(1, "two").WithSum(3));

        Assert.Equal((1, "two!", 3L, 7), (copy.Number, copy.Text, copy.Sum, copy.GetOnly));
    }

    [Fact]
    public void Copy_Collections_AreNewWithSameElements()
    {
        var value = new Collections { List = [1], Dictionary = { ["a"] = new Point(1, 2) }, Immutable = [4], Set = ["b"], Bytes = [5], Anything = new[] { "c" } };

        var copy = _copier.Copy(value);

        Assert.NotSame(value.List, copy.List);
        Assert.NotSame(value.Anything, copy.Anything);
        Assert.Equal(value.List, copy.List);
        Assert.Equal(value.Dictionary, copy.Dictionary);
        Assert.Equal<long>(value.Immutable, copy.Immutable);
        Assert.Equal(value.Set, copy.Set);
        Assert.Equal(value.Bytes, copy.Bytes);
    }

    [Fact]
    public void Copy_ImmutableArrayOfMutable_CopiesElements()
    {
        var value = ImmutableArray.Create(new Node { Name = "a" });

        var copy = _copier.Copy(value);

        Assert.NotSame(value[0], copy[0]);
        Assert.Equal("a", copy[0].Name);
    }

    [Fact]
    public void Copy_CollectionWithComparer_KeepsComparer()
    {
        var copy = _copier.Copy(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["Key"] = 1 });

        Assert.Equal(1, copy["KEY"]);
    }

    [Fact]
    public void Copy_ForeignTypeWithConverter_IsConverted()
    {
        var value = new Foreign("text");

        var copy = _copier.Copy(value);

        Assert.NotSame(value, copy);
        Assert.Equal("text", copy.Text);
    }

    [Fact]
    public void Copy_UnmarkedType_ThrowsCodecNotFound()
    {
        var exception = Assert.Throws<CodecNotFoundException>(() => _copier.Copy(new Box<object> { Value = new Unmarked() }));

        Assert.StartsWith($"Could not find a copier for type {typeof(Unmarked)}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copy_OfOneType_IsTheSameOperation()
    {
        var copier = _services.GetRequiredService<DeepCopier<Node>>();
        var value = new Node { Name = "a" };

        var copy = copier.Copy(value);

        Assert.NotSame(value, copy);
        Assert.Equal("a", copy.Name);
    }
}
