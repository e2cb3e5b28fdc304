namespace Dpark.Closures;

public sealed class FlatGraphTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Serialize_ObjectWithoutReferences_SameBytesAsItsGraph(int kind)
    {
        var serializer = new ClosureSerializer();
        object[] objects = kind == 0
            ? [new Rdds.Partition(0), new Rdds.Partition(300), new Rdds.Partition(int.MaxValue)]
            : [new Flat { Number = 1, When = DateTimeOffset.UnixEpoch, Price = 1.5m }, new Flat { Number = -7, Name = null, When = default, Price = null }];

        foreach (var value in objects)
        {
            var whole = Format.ClosureWriter.Write(value, serializer.Catalog, new Format.ClosureFailure(null, null), null, forUser: false);

            Assert.Equal(whole.Bytes, serializer.Serialize(value, null).Bytes);
            Assert.Equal(whole.Modules.AsEnumerable(), serializer.Serialize(value, null).Modules.AsEnumerable());
        }
    }

    private sealed class Flat
    {
        public long Number { get; init; }

        [field: NonSerialized]
        public string? Name { get; init; } = "stays";

        public DateTimeOffset When { get; init; }

        public decimal? Price { get; init; }
    }
}
