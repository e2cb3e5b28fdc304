using Dpark.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Dpark.Driver;

public sealed class DparkClientOptionsTests
{
    [Fact]
    public void Defaults_ArePinned()
    {
        var options = new DparkClientOptions();

        Assert.Null(options.DefaultParallelism);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Lease);
        Assert.Equal(1L << 30, options.MaxResultBytes);
        Assert.Null(options.ClusterSecret);
        Assert.False(options.ShowProgress);
        Assert.NotEmpty(options.ApplicationName);
        Assert.True(new DparkClientOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Constructor_ManyWrongOptions_NamesAll()
    {
        var options = new DparkClientOptions { ApplicationName = "", DefaultParallelism = 0, Lease = TimeSpan.Zero, MaxResultBytes = -1 };
        options.Scheduler.MaxTaskFailures = 0;
        options.BlockClient.MaxAttempts = 0;
        options.Closures.MaxInlineCaptureBytes = -1;
        options.Partitioning.PartitionBytes = 0;

        var thrown = Assert.Throws<OptionsValidationException>(() => new DparkContext(new FakeCluster().Client, options));

        Assert.Equal(
            [
                "Dpark:BlockClient:MaxAttempts", "Dpark:Client:ApplicationName", "Dpark:Client:DefaultParallelism", "Dpark:Client:Lease", "Dpark:Client:MaxResultBytes",
                "Dpark:Closures:MaxInlineCaptureBytes", "Dpark:Partitioning:PartitionBytes", "Dpark:Scheduler:MaxTaskFailures",
            ],
            thrown.Failures.Select(failure => failure[..failure.IndexOf(' ', StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AddDparkClient_Configuration_IsBoundAndOverridden()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Dpark:Client:DefaultParallelism"] = "17",
            ["Dpark:Client:MaxResultBytes"] = "5",
            ["Dpark:Scheduler:MaxTaskFailures"] = "9",
            ["Dpark:Partitioning:PartitionBytes"] = "2048",
        }).Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddSingleton(new FakeCluster().Client)
            .AddDparkClient(options => options.MaxResultBytes = 6);
        await using var provider = services.BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<DparkClientOptions>>().Value;
        var context = provider.GetRequiredService<DparkContext>();

        Assert.Equal((17, 6L, 9), (context.DefaultParallelism, options.MaxResultBytes, options.Scheduler.MaxTaskFailures));

        // Who names a number has it, whatever the sizes.
        Assert.Equal((true, 2048L), (options.Partitioning.BySize, options.Partitioning.PartitionBytes));
        Assert.Equal((false, 2048L), (context.Partitioning.BySize, context.Partitioning.PartitionBytes));
    }

    [Fact]
    public void AddDparkClient_WrongConfiguration_FailsWhenValidatedAtStart()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Dpark:Client:Lease"] = "00:00:00.5" }).Build();
        using var provider = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddDparkClient().BuildServiceProvider();

        var thrown = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains("Dpark:Client:Lease is 00:00:00.5", thrown.Message, StringComparison.Ordinal);
    }
}
