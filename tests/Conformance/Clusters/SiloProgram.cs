using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>
/// One silo of a test cluster as a program. The first line of its input is its configuration as JSON; when it is active, it says its addresses in
/// one line; what it logs are its errors. A second line, or SIGTERM, stops it gracefully. When its input ends, whoever started it is gone, and it ends at once, as it does when
/// it is declared dead.
/// </summary>
internal static class SiloProgram
{
    /// <summary>The key of the silo's name in its configuration.</summary>
    public const string SiloNameKey = "SiloName";

    private const int AbandonedExitCode = 3;
    private const int DeadExitCode = 4;

    public static async Task<int> Main()
    {
        var values = JsonSerializer.Deserialize<Dictionary<string, string?>>(await Console.In.ReadLineAsync() ?? "null")
            ?? throw new InvalidOperationException("The first line of the input must be the configuration as a JSON object.");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        using var host = TestClusterHostFactory.CreateSiloHost(configuration[SiloNameKey]!, configuration, builder => builder.ConfigureLogging(LogToErrors));
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stopped.TrySetResult();
        });

        await host.StartAsync();
        var details = host.Services.GetRequiredService<ILocalSiloDetails>();
        Console.WriteLine($"{details.SiloAddress.ToParsableString()} {details.GatewayAddress?.ToParsableString()}");
        _ = Task.Run(() => WaitForLine(stopped));

        // The official test hosts stop a silo that is declared dead, and leave its process to whoever runs it.
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => stopped.TrySetResult());
        await stopped.Task;
        if (host.Services.GetRequiredService<ISiloStatusOracle>().CurrentStatus == SiloStatus.Dead)
        {
            Environment.Exit(DeadExitCode);
        }

        await host.StopAsync();
        return 0;
    }

    // Whoever waits in vain for this silo says what it said.
    private static void LogToErrors(ILoggingBuilder logging) => logging
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        })
        .SetMinimumLevel(LogLevel.Warning)
        .AddFilter("Orleans.Runtime.MembershipService", LogLevel.Information)
        .Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

    private static void WaitForLine(TaskCompletionSource stopped)
    {
        if (Console.In.ReadLine() is null)
        {
            Environment.Exit(AbandonedExitCode);
        }

        stopped.TrySetResult();
    }
}
