using System.Net;

namespace Dpark.Storage.Transfer;

public sealed class BlockEndpointTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.2")]
    [InlineData("::1")]
    [InlineData("localhost")]
    [InlineData("")]
    public void TryParseAddress_AnyHost_IsAsTheFrameworkReadsIt(string host)
    {
        var isAddress = IPAddress.TryParse(host, out var expected);

        Assert.Equal(isAddress, BlockEndpoint.TryParseAddress(host, out var address));
        Assert.Equal(expected, address);
    }
}
