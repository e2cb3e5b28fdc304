using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Tests.Process;

/// <summary>The silo program as a process of its own, and a client in this one.</summary>
public sealed partial class SiloProgramTests
{
    private const int Terminate = 15;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Silo_OfAnotherProcess_AnswersItsClientUntilItIsTerminated()
    {
        using var directory = new TestDirectory();
        var (port, gatewayPort) = FreePorts();
        using var silo = Start(directory, port, gatewayPort);
        try
        {
            await LineWithAsync(silo.StandardOutput, "Application started").WaitAsync(Limit);
            using var client = BuildClient(gatewayPort);
            await client.StartAsync().WaitAsync(Limit);

            var hosts = await client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);
            await client.StopAsync().WaitAsync(Limit);
            var rest = silo.StandardOutput.ReadToEndAsync();
            Assert.Equal(0, Kill(silo.Id, Terminate));
            await silo.WaitForExitAsync().WaitAsync(Limit);

            Assert.Equal(port, Assert.Single(hosts.Keys).Endpoint.Port);
            Assert.True(silo.ExitCode == 0, $"Exit code {silo.ExitCode}. Output: {await rest}");
        }
        finally
        {
            if (!silo.HasExited)
            {
                silo.Kill(entireProcessTree: true);
            }
        }
    }

    private static System.Diagnostics.Process Start(TestDirectory directory, int port, int gatewayPort)
    {
        var start = new ProcessStartInfo(WordCountProgram.Host) { WorkingDirectory = directory.Path, RedirectStandardOutput = true };
        string[] words =
        [
            Path.Combine(AppContext.BaseDirectory, "Dpark.Orleans.Silo.dll"), "--localhost", "--cluster-id", "process-test",
            "--port", $"{port}", "--gateway-port", $"{gatewayPort}", "--work-dir", directory.WorkPath, "--cores", "1",
        ];
        Array.ForEach(words, start.ArgumentList.Add);
        return System.Diagnostics.Process.Start(start)!;
    }

    private static IHost BuildClient(int gatewayPort)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client => client.UseLocalhostClustering(gatewayPort, "process-test", "process-test"));
        return builder.Build();
    }

    private static async Task LineWithAsync(StreamReader output, string text)
    {
        var seen = new List<string>();
        while (await output.ReadLineAsync() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }

            seen.Add(line);
        }

        Assert.Fail($"The silo ended without '{text}'. It said: {string.Join(Environment.NewLine, seen)}");
    }

    private static (int Port, int GatewayPort) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
