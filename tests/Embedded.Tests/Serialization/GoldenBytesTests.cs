using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Dpark.Embedded.Tests.Serialization;

/// <summary>Pins the layout of messages. Silos of different builds talk to each other, so these bytes never change; new ones are added.</summary>
public sealed class GoldenBytesTests
{
    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();

    [Fact]
    public void Write_Record_IsPinned() => AssertBytes("06 00 0D 13 02 68 69 0F", new Small(-7, "hi"));

    [Fact]
    public void Write_NullMember_IsPinned() => AssertBytes("06 00 04 18 00 0F", new Small(2, null));

    [Fact]
    public void Write_NullRoot_IsPinned() => AssertBytes<Small?>("08 00", null);

    [Fact]
    public void Write_TypedObject_IsPinned() => AssertBytes<object>("07 00 0D 01 0A 00 74 65 73 74 2E 53 6D 61 6C 6C 06 00 04 18 00 0F", new Small(2, null));

    [Fact]
    public void Write_TypedTwice_NamesTypeOnce() => AssertBytes(
        "06 00 02 07 00 0D 01 0A 00 74 65 73 74 2E 53 6D 61 6C 6C 06 00 02 18 00 0F 07 02 06 00 04 18 00 0F 0F",
        new object[] { new Small(1, null), new Small(2, null) });

    [Fact]
    public void Write_BoxedNumber_IsPinned() => AssertBytes<object>("07 0D 00 54", 42);

    [Fact]
    public void Write_ByteArray_IsPinned() => AssertBytes("04 03 01 02 03", new byte[] { 1, 2, 3 });

    [Fact]
    public void Write_List_IsPinned() => AssertBytes("06 00 02 00 02 00 03 0F", new List<int> { 1, -2 });

    [Fact]
    public void Write_Dictionary_IsPinned() => AssertBytes("06 00 01 10 00 05 03 01 61 10 02 0F 0F", new Dictionary<string, int> { ["a"] = 1 });

    [Fact]
    public void Write_Levels_IsPinned() => AssertBytes("06 00 02 10 04 0E 03 01 78 0F", new DerivedLevel { Zero = 1, One = 2, Text = "x" });

    [Fact]
    public void Write_Cycle_IsPinned()
    {
        var tree = new Tree { Name = "t" };
        tree.Left = tree;

        Assert.Equal("06 03 01 74 18 01 18 00 0F", Hex(_pool.ToArray(tree)));
    }

    [Fact]
    public void Write_LargeFieldId_IsPinned() =>
        AssertBytes("06 00 0E F8 19 00 18 00 93 03 6E 65 77 0F", new VersionTwo { Kept = 7, Added = "new" });

    [Fact]
    public void Write_Simple_IsPinned()
    {
        AssertBytes("00 01", true);
        AssertBytes("00 AC 02", 300u);
        AssertBytes("01 00 00 C0 3F", 1.5f);
        AssertBytes("02 00 00 00 00 00 00 F8 3F", 1.5);
        AssertBytes("03 10 33 22 11 00 55 44 77 66 88 99 AA BB CC DD EE FF", Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"));
        AssertBytes("00 14", TimeSpan.FromTicks(10));
        AssertBytes("03 10 D2 04 00 00 00 00 00 00 00 00 00 00 00 00 02 00", 12.34m);
        AssertBytes("05 00 02 13 01 61 0F", (1, "a"));
    }

    [Fact]
    public void WellKnownTypes_Numbers_ArePinned()
    {
        Type[] types = [typeof(object), typeof(int), typeof(string), typeof(Exception), typeof(List<>), typeof(Dictionary<,>), typeof(IReadOnlyDictionary<,>)];

        int[] ids = [.. types.Select(type => WellKnownTypes.TryGetId(type, out var id) ? id : -1)];

        Assert.Equal([0, 6, 13, 28, 57, 65, 91], ids);
    }

    [Fact]
    public void WellKnownTypes_EveryEntry_IsATypeOfItsNumber()
    {
        for (var id = 0; id <= 91; id++)
        {
            Assert.True(WellKnownTypes.TryGetId(WellKnownTypes.Get((ulong)id), out var found));
            Assert.Equal(id, found);
        }
    }

    private static string Hex(byte[] bytes) => string.Join(' ', bytes.Select(value => value.ToString("X2", null)));

    private void AssertBytes<T>(string expected, T value)
    {
        var bytes = _pool.ToArray(value);

        Assert.Equal(expected, Hex(bytes));
        Assert.Equal(Hex(bytes), Hex(_pool.ToArray(_pool.Read<T>(bytes))));
    }
}
