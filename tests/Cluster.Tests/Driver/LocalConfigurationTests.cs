using Microsoft.Extensions.Configuration;

namespace Dpark.Driver;

public sealed class LocalConfigurationTests
{
    private readonly LocalConfiguration _configuration = new();

    [Fact]
    public void AsEnumerable_HasWhatTheFrameworksOwnHas()
    {
        var framework = new ConfigurationBuilder().AddInMemoryCollection([new("Orleans:Embedded:Transport", "InMemory")]).Build();

        Assert.Equal(framework.AsEnumerable().OrderBy(pair => pair.Key), _configuration.AsEnumerable().Where(pair => pair.Key.Length > 0).OrderBy(pair => pair.Key));
    }

    [Theory]
    [InlineData("orleans:embedded:TRANSPORT", "InMemory")]
    [InlineData("Orleans:Embedded", null)]
    [InlineData("Orleans:Embedded:Transport:More", null)]
    [InlineData("Dpark", null)]
    public void Value_OfAPath_IsThatOfTheTransportOrNone(string path, string? value)
    {
        Assert.Equal(value, _configuration[path]);
        Assert.Equal(value, _configuration.GetSection(path).Value);
    }

    [Theory]
    [InlineData("Orleans", true)]
    [InlineData("orleans:embedded", true)]
    [InlineData("Orleans:Embedded:Transport", true)]
    [InlineData("Orleans:Embed", false)]
    [InlineData("Orleans:Clustering", false)]
    [InlineData("Dpark:Security:Tls", false)]
    public void Exists_OnlyOnTheWayToTheTransport(string path, bool exists) => Assert.Equal(exists, _configuration.GetSection(path).Exists());

    [Fact]
    public void GetSection_OfASection_IsBelowIt()
    {
        var section = _configuration.GetSection("Orleans").GetSection("Embedded");

        Assert.Equal(("Embedded", "Orleans:Embedded", "InMemory"), (section.Key, section.Path, section["Transport"]));
    }

    [Fact]
    public void Set_IsRefused() => Assert.Throws<NotSupportedException>(() => _configuration["Orleans:Embedded:Transport"] = "Tcp");
}
