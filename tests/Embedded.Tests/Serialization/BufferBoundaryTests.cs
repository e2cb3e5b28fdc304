using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Dpark.Embedded.Tests.Serialization;

public sealed class BufferBoundaryTests
{
    [Fact]
    public void Serialize_StringsAcrossEveryBufferBoundary_AreReadBack()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        for (var length = 1; length < 700; length++)
        {
            string[] texts = [.. Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), length))];

            var copy = serializer.Deserialize<string[]>(serializer.SerializeToArray(texts));

            Assert.Equal(texts, copy);
        }
    }
}
