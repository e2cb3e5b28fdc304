using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dpark.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Dpark.Workloads;

/// <summary>A silo with a worker in a process of its own, which is this program once more. It ends when its standard input does, also if its parent was killed.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    /// <summary>Makes this program the child.</summary>
    public const string ChildArgument = "--silo-child";

    /// <summary>Names the cluster and its service.</summary>
    public const string ClusterName = "workloads";

    private const string Ready = "ready";

    private readonly Process _process;
    private readonly DirectoryInfo _work;

    private SiloProcess(Process process, DirectoryInfo work, int port, int gatewayPort)
    {
        _process = process;
        _work = work;
        Port = port;
        GatewayPort = gatewayPort;
    }

    public int Port { get; }

    public int GatewayPort { get; }

    /// <summary>Its working set now, in bytes.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.HasExited ? 0 : _process.WorkingSet64;
        }
    }

    /// <summary>Starts a silo and waits until it runs.</summary>
    /// <param name="memoryBytes">See <see cref="EnginePlace"/>.</param>
    /// <param name="primary">The first silo of the cluster; <see langword="null"/> makes this one the first.</param>
    public static async Task<SiloProcess> StartAsync(int slotCount, long? memoryBytes, SiloProcess? primary, CancellationToken cancellationToken)
    {
        var (port, gatewayPort) = FreePorts();
        var work = Directory.CreateTempSubdirectory("dpark-workloads-silo-");
        var process = Process.Start(ChildProgram.StartInfo(
            redirectInput: true, ChildArgument, Text(port), Text(gatewayPort), Text(primary?.Port ?? port), Text(slotCount), Text(memoryBytes ?? 0), work.FullName))!;
        var silo = new SiloProcess(process, work, port, gatewayPort);
        if (await process.StandardOutput.ReadLineAsync(cancellationToken) != Ready)
        {
            await silo.DisposeAsync();
            throw new InvalidOperationException($"The silo on port {port} did not start. Its errors are above.");
        }

        return silo;
    }

    /// <summary>The child.</summary>
    /// <param name="arguments">As <see cref="StartAsync"/> gives them.</param>
    public static async Task<int> RunChildAsync(string[] arguments)
    {
        var numbers = Array.ConvertAll(arguments[..4], text => int.Parse(text, CultureInfo.InvariantCulture));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddSimpleConsole();
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(numbers[0], numbers[1], new IPEndPoint(IPAddress.Loopback, numbers[2]), ClusterName, ClusterName)
            .AddDparkWorker(worker =>
            {
                worker.Executor.SlotCount = numbers[3];
                var memoryBytes = long.Parse(arguments[4], CultureInfo.InvariantCulture);
                worker.Memory.BudgetBytes = memoryBytes > 0 ? memoryBytes : worker.Memory.BudgetBytes;
                worker.WorkDirectory.Roots.Add(arguments[5]);
            }));
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine(Ready);
        _ = await Console.In.ReadToEndAsync();
        await host.StopAsync();
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _work.Delete(recursive: true);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static (int Port, int GatewayPort) FreePorts()
    {
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }
}

/// <summary>Starts this program once more.</summary>
internal static class ChildProgram
{
    /// <summary>What to start. Its standard output is redirected.</summary>
    public static ProcessStartInfo StartInfo(bool redirectInput, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = redirectInput };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProgram).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
