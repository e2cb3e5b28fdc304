namespace Dpark.Closures;

/// <summary>Headers that are written once and used again.</summary>
public sealed class WrittenHeaderTests
{
    private readonly ClosureSerializer _serializer = new();

    [Fact]
    public void Serialize_SameFunctionWithOtherValues_UsesTheHeaderAgain()
    {
        var first = _serializer.Serialize(Make(1, "a"), null);

        var second = _serializer.Serialize(Make(2, "b"), null);

        Assert.Equal(1, _serializer.Catalog.Headers.Count);
        Assert.Equal(first.Modules.AsEnumerable(), second.Modules.AsEnumerable());
        Assert.NotEqual(first.Bytes, second.Bytes);
    }

    [Fact]
    public void Serialize_HeaderIsUsedAgain_SameBytesAsWithANewSerializer()
    {
        object[] graphs = [Make(1, "a"), MakeOther(typeof(long)), Make(2, "a"), MakeOther(typeof(string)), new object[] { Make(3, "c"), 4, "x", (1, 2L), StringComparer.Ordinal }];

        // Twice, so that each header is found.
        foreach (var graph in graphs.Concat(graphs))
        {
            var alone = new ClosureSerializer().Serialize(graph, null);

            Assert.Equal(alone.Bytes, _serializer.Serialize(graph, null).Bytes);
        }
    }

    [Fact]
    public void Serialize_FieldsThatTravelDiffer_OtherHeader()
    {
        var (number, text) = (1, "a");
        Func<int> ofNumber = () => number;
        Func<int> ofText = () => text.Length;

        _serializer.Serialize(ofNumber, null);
        _serializer.Serialize(ofText, null);
        _serializer.Serialize(ofNumber, null);

        Assert.Equal(2, _serializer.Catalog.Headers.Count);
        Assert.Equal((1, 1), (Travel.Copy(ofNumber)(), Travel.Copy(ofText)()));
    }

    [Fact]
    public void TryPrepare_TablesOfAnEarlierClosure_IsPrepared()
    {
        using var code = new CodeResolver(Travel.App, _serializer.Catalog.Read);
        var unknown = PreparedClosure.TryPrepare(_serializer.Serialize(Make(1, "a"), null).Bytes, code);
        PreparedClosure.Prepare(_serializer.Serialize(Make(1, "a"), null).Bytes, code);

        var prepared = PreparedClosure.TryPrepare(_serializer.Serialize(Make(20, "abc"), null).Bytes, code);

        Assert.Null(unknown);
        Assert.Equal(23, ((Func<int>)prepared!.Instantiate(null, CancellationToken.None))());
    }

    private static Func<int> Make(int number, string text) => () => number + text.Length;

    private static Func<string> MakeOther(Type type) => () => type.Name;
}
