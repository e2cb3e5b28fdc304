using System.Collections.Immutable;
using System.Numerics;

namespace Dpark.Codecs;

/// <summary>Golden bytes of <c>docs/formats/record-block.md</c>. These tests only grow.</summary>
public sealed class RecordFormatTests
{
    private enum Color : byte
    {
        Red = 1,
        Blue = 2,
    }

    [Fact]
    public void Encode_Pairs_HasTheseBytes()
    {
        var block = RecordBlock.Encode<(string?, long)>([("a", 1), (null, 2), ("é", -1)]);

        AssertBytes(
            "44524202" + ShapeHash("(string,i64)") +
            "03000000 17000000" +
            "03000000 01 02 00 03 61 C3A9" +
            "01 FFFFFFFFFFFFFFFF 02 03 00" +
            "00000000 00000000",
            block);
    }

    [Fact]
    public void Encode_NoRecords_HasTheseBytes() => AssertBytes("44524202" + ShapeHash("i32") + "00000000 00000000", RecordBlock.Encode<int>([]));

    [Fact]
    public void Encode_MoreThanABatch_StartsAnother()
    {
        var block = RecordBlock.Encode<byte>(new byte[1025]);

        AssertBytes("44524202" + ShapeHash("u8") + "00040000 00040000", block[..16]);
        AssertBytes("01000000 01000000 00 00000000 00000000", block[(16 + 1024)..]);
    }

    [Fact]
    public void Encode_FixedValues_HaveTheseBytes()
    {
        AssertColumn("0100", "bool", true, false);
        AssertColumn("FF", "i8", (sbyte)-1);
        AssertColumn("FEFF", "i16", (short)-2);
        AssertColumn("0100FFFF", "u16", (ushort)1, ushort.MaxValue);
        AssertColumn("01000000000000000000000000000080", "i128", Int128.MinValue + 1);
        AssertColumn("02000000000000000100000000000000", "u128", new UInt128(1, 2));
        AssertColumn("003C", "f16", (Half)1);
        AssertColumn("0000803F", "f32", 1f);
        AssertColumn("000000000000F03F", "f64", 1d);
        AssertColumn("4100AC20", "char", 'A', '€');
        AssertColumn("00F60100", "rune", new System.Text.Rune(0x1F600));
        AssertColumn("0102", "u8", Color.Red, Color.Blue);
    }

    [Fact]
    public void Encode_Integers_HaveTheseBytes()
    {
        AssertColumn("04 78563412", "i32", 0x12345678);
        AssertColumn("04 FFFFFFFF", "u32", uint.MaxValue);
        AssertColumn("08 FFFFFFFFFFFFFFFF", "u64", ulong.MaxValue);
        AssertColumn("01 FFFFFFFF 00 01 FF", "i32", -1, 0, 254);
        AssertColumn("04 00000000 00010000", "i32", 0, 256);
        AssertColumn("02 FFFFFFFF 0100 0000 0101", "i32", 0, -1, 256);
        AssertColumn("08 0000000000000080 FFFFFFFFFFFFFF7F", "i64", long.MinValue, long.MaxValue);
        AssertColumn("04 FEFFFFFFFFFFFFFF 00000000 FFFFFFFF 00000000", "i64", -2, 0xFFFFFFFDL, -2);
        AssertColumn("02 0000FFFFFFFFFFFF 0000 FFFF", "u64", ulong.MaxValue - ushort.MaxValue, ulong.MaxValue);
        AssertColumn("01 00000080 00 01 02 00 00", "i32", int.MinValue, int.MinValue + 1, int.MinValue + 2, int.MinValue, int.MinValue);
        AssertColumn("01 0300000000000000 02 00", "i64", Distance.Far, Distance.Near);
    }

    [Fact]
    public void Encode_TimesAndNumbers_HaveTheseBytes()
    {
        AssertColumn("00000180 00000000 0F00000000000000", "decimal", -1.5m);
        AssertColumn("0100000000000040", "datetime", new DateTime(1, DateTimeKind.Utc));
        AssertColumn("0200000000000000", "timespan", TimeSpan.FromTicks(2));
        AssertColumn("03000000", "date", DateOnly.FromDayNumber(3));
        AssertColumn("0400000000000000", "time", new TimeOnly(4));
        AssertColumn("33221100554477668899AABBCCDDEEFF", "guid", new Guid("00112233-4455-6677-8899-aabbccddeeff"));
        AssertColumn(
            "01 0046C32300000000 0000 0100 0000",
            "datetimeoffset",
            new DateTimeOffset(TimeSpan.TicksPerMinute, TimeSpan.FromMinutes(1)),
            new DateTimeOffset(TimeSpan.TicksPerMinute, TimeSpan.Zero));
        AssertColumn("01 03 02 0001 FF", "bigint", new BigInteger(256), new BigInteger(-1));
        AssertColumn("03000000 01 04 412E42", "uri", new Uri("A.B", UriKind.Relative));
        AssertColumn("03000000 01 00 04 312E32", "version", null, new Version(1, 2));
    }

    [Fact]
    public void Encode_Text_HasTheseBytes()
    {
        AssertColumn("00000000 01 01 00", "string", "", null);
        AssertColumn("03000000 01 04 EDA080", "string", "\ud800");
        AssertColumn("FF000000 02 0001" + string.Concat(Enumerable.Repeat("61", 255)), "string", new string('a', 255));
    }

    [Fact]
    public void Encode_NullableAndStructs_HaveTheseBytes()
    {
        AssertColumn<int?>("00 04 01000000", "i32?", 1);
        AssertColumn<int?>("01 0A 01 01000000 0001", "i32?", null, 1, null, 2);
        AssertColumn("01 02 03 04", "(Item1:u8,Item2:u8,Item3:(u8,u8))", ((byte)1, (byte)2, ((byte)3, (byte)4)));
        AssertColumn("01 03 02 04", "(u8,u8)", ((byte)1, (byte)2), ((byte)3, (byte)4));
        AssertColumn("0000", "()", default(Nothing), default(Nothing));
    }

    [Fact]
    public void Encode_Objects_HaveTheseBytes()
    {
        AssertColumn("00 07 01000000 01 02 78", "(Number:u8,Text:string)?", new Derived { Number = 7, Text = "x" });
        AssertColumn("01 02 07 00000000 01 00", "(Number:u8,Text:string)?", null, new Derived { Number = 7 });
        AssertColumn("00 01 01 02 00 05 01 01", "(Value:u8,Children:^Tree[])?", new Tree { Value = 1, Children = [new Tree { Value = 5, Children = [] }] });
    }

    [Fact]
    public void Encode_Collections_HaveTheseBytes()
    {
        AssertColumn("01 03 00 01 0102", "u8[]", [1, 2], null, (byte[])[]);
        AssertColumn("01 02 03 010203", "u8[]", (List<byte>)[1], [2, 3]);
        AssertColumn("01 00 02 09", "u8[]", default, ImmutableArray.Create<byte>(9));
        AssertColumn("01 02 00 07", "{u8}", new HashSet<byte> { 7 });
        AssertColumn("01 02 00 02 00 01000000 01 02 6B 05", "{string:u8}", new Dictionary<string, byte>(StringComparer.OrdinalIgnoreCase) { ["k"] = 5 }, null);
    }

    [Fact]
    public void Encode_ManyElements_AreInRuns()
    {
        var block = RecordBlock.Encode<string?[]>([new string?[4000], new string?[97]]);

        AssertBytes("02 A10F 6200" + "00000000 01" + Zeros(4096) + "00000000 01 00" + Zeros(8), block[16..]);
    }

    [Fact]
    public void KeyComparison_Numbers_ArePinned() =>
        Assert.Equal([("Default", 0), ("Ordinal", 1), ("OrdinalIgnoreCase", 2)], Enum.GetValues<KeyComparison>().Select(value => (value.ToString(), (int)value)));

    private enum Distance : long
    {
        Near = 3,
        Far = 5,
    }

    private static void AssertColumn<T>(string expected, string shape, params T[] values)
    {
        var block = RecordBlock.Encode<T>(values);

        AssertBytes(expected, block[16..^8]);
        AssertBytes(ShapeHash(shape), block[4..8]);
        Assert.Equal(values.Length, BitConverter.ToInt32(block, 8));
        Assert.Equal(block.Length - 24, BitConverter.ToInt32(block, 12));
    }

    private static void AssertBytes(string expected, byte[] actual) => Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexString(actual));

    private static string Zeros(int count) => new('0', 2 * count);

    // FNV-1a as its authors describe it.
    private static string ShapeHash(string shape) =>
        Convert.ToHexString(BitConverter.GetBytes(shape.Aggregate(0x811C9DC5u, (hash, character) => unchecked((hash ^ character) * 0x01000193u))));

    private struct Nothing;

    private class Base
    {
        public byte Number { get; set; }
    }

    private sealed class Derived : Base
    {
        public string? Text;

        [NonSerialized]
        public int Left = 3;
    }

    private sealed class Tree
    {
        public byte Value;
        public List<Tree>? Children;
    }
}
