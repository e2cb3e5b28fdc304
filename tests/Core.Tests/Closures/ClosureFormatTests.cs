using System.Text;

namespace Dpark.Closures;

/// <summary>Golden bytes of <c>docs/formats/closure.md</c>. These tests only grow.</summary>
public sealed class ClosureFormatTests
{
    private static readonly string CoreLibrary = Text("System.Private.CoreLib");

    [Fact]
    public void Serialize_Numbers_HasTheseBytes() => AssertBytes(
        tables: "00" + "01" + CoreLibrary + "02" + "0000" + Text("System.Int32") + "02 00 01" + "00" + "01" + "02 01 07",
        objects: "01" + "00 02" + "01000000 00010000" + "00" + "00",
        (int[])[1, 256]);

    [Fact]
    public void Serialize_ListOfTexts_HasTheseBytes() => AssertBytes(
        tables: "00" + "01" + CoreLibrary +
            "04" + "0000" + Text("System.Collections.Generic.List`1") + "0000" + Text("System.String") + "04 01 00 01" + "02 01 01" +
            "00" +
            "03" + "01 02 00 03" + "02 03 00" + "00",
        objects: "04" + "00" + "01 03" + "02 02 61" + "02 05 00D8" + "03 00 04" + "01 00 02 00 02" + "00",
        new List<string?> { "a", null, "\ud800" });

    [Fact]
    public void Serialize_OneOfEach_HasTheseBytes() => AssertBytes(
        tables: "00" + "01" + CoreLibrary +
            "0A" + "0000" + Text("System.Object") + "02 00 01" + "0000" + Text("System.Int32") + "0000" + Text("System.Nullable`1") + "04 01 03 02" + "02 04 01" +
            "0000" + Text("System.Func`2") + "0000" + Text("System.String") + "0000" + Text("System.Boolean") + "04 02 06 07 08" +
            "01" + "07" + Text("IsNullOrEmpty") + Text("Boolean IsNullOrEmpty(System.String)") + "00 00" +
            "08" + "02 01 00" + "06 02 07" + "00" + "07 02" + "08" + Text("StringComparer.Ordinal") + "00" + "05" + Text("uri") + "02 05 0E 07" + "03 09 00",
        objects: "08" + "00 07" + "01 01000000" + "02 02 61" + "03" + "04" + "05 01 02 78" + "06 02" + "07 00" +
            "02 03 04 05 06 08 07" + "00 01 02000000" + "00" + "00",
        (object?[])[1, "a", typeof(int), StringComparer.Ordinal, new Uri("x", UriKind.Relative), (Func<string, bool>)string.IsNullOrEmpty, new int?[] { null, 2 }]);

    private static void AssertBytes(string tables, string objects, object root)
    {
        tables = tables.Replace(" ", "", StringComparison.Ordinal);
        var expected = "44504331" + Number(tables.Length / 2) + tables + objects.Replace(" ", "", StringComparison.Ordinal);

        Assert.Equal(expected, Convert.ToHexString(new ClosureSerializer().Serialize(root, null).Bytes));
    }

    private static string Text(string text) => Number(2 * text.Length) + Convert.ToHexString(Encoding.UTF8.GetBytes(text));

    private static string Number(int value) => value < 0x80 ? Convert.ToHexString([(byte)value]) : Convert.ToHexString([(byte)(value | 0x80), (byte)(value >> 7)]);
}
