using System.Text;
using Dpark.Tests.Membership;
using Orleans.Clustering.Redis;
using Orleans.Runtime;

namespace Dpark.Tests.Redis;

public sealed class MembershipJsonTests
{
    [Fact]
    public void Read_TextOfTheOfficialProvider_TakesWhatItKnowsAndSkipsTheRest()
    {
        const string Json = """
            {"SiloAddress":{"SiloAddress":"10.0.0.1:11111@123"},"Status":3,"SuspectTimes":[{"Item1":{"SiloAddress":"127.0.0.1:10002@1"},"Item2":"2026-01-01T00:00:00.0000001Z"}],
            "ProxyPort":30000,"HostName":null,"SiloName":"a","RoleName":"b","UpdateZone":1,"FaultZone":2,"StartTime":"2026-01-01T00:00:00Z",
            "IAmAliveTime":"2026-01-01T02:00:00+01:00","Later":{"More":[1,2]}}
            """;

        var entry = MembershipJson.Read(Encoding.UTF8.GetBytes(Json));

        Assert.Equal("S10.0.0.1:11111:123", entry.SiloAddress.ToString());
        Assert.Equal(SiloStatus.Active, entry.Status);
        Assert.Equal([Tuple.Create(Rows.Silo(2), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(1))], entry.SuspectTimes);
        Assert.Equal("", entry.HostName);
        Assert.Equal(new DateTime(2026, 1, 1, 1, 0, 0), entry.IAmAliveTime);
        Assert.Equal(DateTimeKind.Utc, entry.IAmAliveTime.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"SiloAddress\":\"127.0.0.1:1@1\"}")]
    [InlineData("{\"SiloAddress\":{\"SiloAddress\":\"nowhere\"}}")]
    [InlineData("{\"SiloAddress\":{\"SiloAddress\":\"127.0.0.1:1@1\"},\"Status\":\"Active\"}")]
    [InlineData("{\"SiloAddress\":{\"SiloAddress\":\"127.0.0.1:1@1\"},\"StartTime\":\"yesterday\"}")]
    [InlineData("{\"SiloAddress\":{\"SiloAddress\":\"127.0.0.1:1@1\"},\"SuspectTimes\":[{}]}")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[")]
    public void Read_NoRow_ThrowsFormatException(string json) =>
        Assert.Throws<FormatException>(() => MembershipJson.Read(Encoding.UTF8.GetBytes(json)));
}
