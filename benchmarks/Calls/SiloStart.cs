using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Dpark.Benchmarks.Calls;

/// <summary>How long a process takes until its silo can be called.</summary>
internal static class SiloStart
{
    /// <summary>What the first argument of such a process is.</summary>
    public const string Role = "silo";

    private const string Ready = "ready";

    /// <summary>Runs a silo until the input ends.</summary>
    public static async Task RunAsync(string[] ports)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo.UseLocalhostClustering(int.Parse(ports[0], null), int.Parse(ports[1], null)));
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine(Ready);
        await Console.In.ReadToEndAsync();
        await host.StopAsync();
    }

    /// <summary>Starts a process several times and prints how long it took from the start of the process until its silo was ready.</summary>
    public static async Task PrintAsync(int rounds)
    {
        var times = new double[rounds];
        for (var i = 0; i < rounds; i++)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            {
                start.ArgumentList.Add(typeof(SiloStart).Assembly.Location);
            }

            foreach (var argument in (string[])[Role, FreePort(), FreePort()])
            {
                start.ArgumentList.Add(argument);
            }

            var before = Stopwatch.GetTimestamp();
            using var process = Process.Start(start)!;
            while (await process.StandardOutput.ReadLineAsync() is { } line && line != Ready)
            {
            }

            times[i] = Stopwatch.GetElapsedTime(before).TotalMilliseconds;
            process.StandardInput.Close();
            await process.WaitForExitAsync();
        }

        Array.Sort(times);
        Console.WriteLine($"\nA process with one silo is ready after {times[times.Length / 2]:F0} ms (fastest {times[0]:F0}, slowest {times[^1]:F0}).");
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
