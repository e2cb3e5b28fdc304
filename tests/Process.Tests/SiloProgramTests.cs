using Dpark.Tests.Process.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Tests.Process;

/// <summary>The silo program as a process of its own, and a client in this one.</summary>
public sealed class SiloProgramTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData((int)Signal.Terminate)]
    [InlineData((int)Signal.Interrupt)]
    public async Task Silo_OfAnotherProcess_AnswersItsClientUntilItIsAskedToEnd(int signal)
    {
        await using var silo = ChildSilo.Start(["--localhost", "--cluster-id", "process-test", "--work-dir", _directory.WorkPath, "--cores", "1"]);
        var ready = await silo.Ready;
        using var client = BuildClient(silo.GatewayPort);
        await client.StartAsync().WaitAsync(Limit);

        var hosts = await client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);
        await client.StopAsync().WaitAsync(Limit);
        silo.Send((Signal)signal);
        var code = await silo.WaitForExitAsync();

        Assert.StartsWith($"Silo 127.0.0.1:{silo.Port} of cluster 'process-test' is ready: gateway {silo.Gateway}, 1 slots, blocks at ", ready, StringComparison.Ordinal);
        Assert.Equal(silo.Port, Assert.Single(hosts.Keys).Endpoint.Port);
        Assert.True(code == 0, $"Exit code {code}. Log: {silo.Log}");
        Assert.Empty(Directory.GetFileSystemEntries(_directory.WorkPath));
    }

    [Fact]
    public async Task Silos_OfLocalhost_JoinThroughTheFirst()
    {
        string[] common = ["--localhost", "--work-dir", _directory.WorkPath, "--cores", "1"];
        await using var first = ChildSilo.Start(common);
        await first.Ready;
        await using var second = ChildSilo.Start([.. common, "--primary", $"127.0.0.1:{first.Port}"]);
        await second.Ready;

        await using var dpark = await DparkContext.ConnectAsync(new() { Gateways = { second.Gateway }, Timeout = Limit });

        Assert.Equal(2, dpark.DefaultParallelism);
    }

    [Theory]
    [InlineData("--localhost --what", "--what")]
    [InlineData("--localhost --port", "--port")]
    [InlineData("--localhost --port 70000", "--port is 70000")]
    [InlineData("--localhost --memory 12q", "--memory is 12q")]
    [InlineData("--redis 127.0.0.1:1", "Redis at 127.0.0.1:1 does not answer")]
    public async Task Silo_WrongInput_IsOneLineAndExitCodeTwo(string arguments, string mentioned)
    {
        var result = await ChildSilo.RunAsync(arguments.Split(' '));

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(mentioned, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    private static IHost BuildClient(int gatewayPort)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client => client.UseLocalhostClustering(gatewayPort, "process-test", "process-test"));
        return builder.Build();
    }
}
