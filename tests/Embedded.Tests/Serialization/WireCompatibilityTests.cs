using Orleans.Serialization;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Serialization;

public sealed class WireCompatibilityTests
{
    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();

    [Fact]
    public void Read_MembersDroppedAndAdded_SkipsThemAndKeepsDefaults()
    {
        var bytes = _pool.ToArray(new VersionOne
        {
            Kept = 7,
            Dropped = "gone",
            DroppedTree = new Tree { Name = "gone", Left = new Tree() },
            DroppedObject = new List<Small> { new(1, "a") },
            DroppedList = [new Small(1, "a"), null!],
        });

        var value = _pool.Read<VersionTwo>(bytes)!;

        Assert.Equal((7, "default"), (value.Kept, value.Added));
    }

    [Fact]
    public void Read_MembersAdded_KeepsDefaults()
    {
        var bytes = _pool.ToArray(new VersionTwo { Kept = 7, Added = "new" });

        var value = _pool.Read<VersionOne>(bytes)!;

        Assert.Equal((7, null), (value.Kept, value.Dropped));
    }

    [Fact]
    public void Read_ReferenceToObjectInDroppedMember_FindsIt()
    {
        var tree = new Tree { Name = "shared", Left = new Tree { Name = "child" } };
        tree.Right = tree;
        var bytes = _pool.ToArray(new VersionOne { DroppedTree = tree, Shared = tree, AfterTypes = tree.Left });

        var value = _pool.Read<VersionTwo>(bytes)!;

        Assert.Equal("shared", value.Shared!.Name);
        Assert.Same(value.Shared, value.Shared.Right);
        Assert.Same(value.Shared.Left, value.AfterTypes);
    }

    [Fact]
    public void Read_ReferenceToTypedObjectInDroppedMember_FindsItAndItsType()
    {
        var small = new Small(1, "a");
        var bytes = _pool.ToArray(new VersionOne { DroppedObject = new object[] { small, new Small(2, "b") }, AfterTypes = small });

        var value = _pool.Read<VersionTwo>(bytes)!;

        Assert.Equal(small, value.AfterTypes);
    }

    [Fact]
    public void Read_TypeNamedFirstInDroppedMember_IsResolved()
    {
        var bytes = _pool.ToArray(new VersionOne { DroppedObject = new Small(1, "a"), AfterTypes = new Small(2, "b") });

        var value = _pool.Read<VersionTwo>(bytes)!;

        Assert.Equal(new Small(2, "b"), value.AfterTypes);
    }

    [Theory]
    [InlineData(int.MaxValue, uint.MaxValue, 1.5f, short.MinValue, byte.MaxValue)]
    [InlineData(-1, 0u, float.NaN, (short)-1, (byte)0)]
    public void Read_WiderNumbers_HasSameValues(int number, uint plain, float real, short small, byte tiny)
    {
        var bytes = _pool.ToArray(new Numbers { Folded = number, Plain = plain, Real = real, Small = small, Tiny = tiny });

        var wide = _pool.Read<WideNumbers>(bytes)!;

        Assert.Equal((number, plain, (double)real, small, tiny), (wide.Folded, wide.Plain, wide.Real, wide.Small, wide.Tiny));
    }

    [Fact]
    public void Read_NarrowerNumber_FailsOnlyIfItDoesNotFit()
    {
        var fits = _pool.ToArray(new WideNumbers { Folded = int.MinValue });
        var tooLarge = _pool.ToArray(new WideNumbers { Folded = int.MaxValue + 1L });

        Assert.Equal(int.MinValue, _pool.Read<Numbers>(fits)!.Folded);
        Assert.Throws<SerializerException>(() => _pool.Read<Numbers>(tooLarge));
    }

    [Fact]
    public void Read_DerivedTypeAsBase_SkipsItsLevel()
    {
        var bytes = _pool.ToArray(new DerivedLevel { Zero = 1, One = 2, Text = "x" });

        var value = _pool.Read<BaseLevel>(bytes)!;

        Assert.Equal((1, 2), (value.Zero, value.One));
    }

    [Fact]
    public void Read_BaseTypeAsDerived_KeepsDefaultsOfItsLevel()
    {
        var bytes = _pool.ToArray(new BaseLevel { Zero = 1, One = 2 });

        var value = _pool.Read<DerivedLevel>(bytes)!;

        Assert.Equal((1, 2, null), (value.Zero, value.One, value.Text));
    }

    [Fact]
    public void Read_NullableOfSameType_IsCompatible()
    {
        Assert.Equal(5, _pool.Read<int?>(_pool.ToArray(5)));
        Assert.Equal(5, _pool.Read<int>(_pool.ToArray<int?>(5)));
    }

    [Fact]
    public void Read_AliasedTypeByName_IsFound()
    {
        // A peer that runs the version from before the alias.
        byte[] bytes = [0x07, 0x00, .. Spec("Dpark.Embedded.Tests.Serialization.Small", "Dpark.Orleans.Embedded.Tests"), 0x06, 0x00, 0x0E, 0x18, 0x00, 0x0F];

        Assert.Equal(new Small(7, null), _pool.Read<object>(bytes));
    }

    private static byte[] Spec(string name, string assembly)
    {
        byte[] spec = [2, (byte)name.Length, 0, .. name.Select(c => (byte)c), (byte)assembly.Length, 0, .. assembly.Select(c => (byte)c)];
        return [(byte)spec.Length, .. spec];
    }
}
