using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Hosting;

/// <summary>The silo program once more, with one slot, beside the silo of this process: for tasks that may kill theirs. Thread-safe.</summary>
/// <remarks>
/// It ends when its standard input does, which is when this process says so or has ended, however it ended. Its log goes to the standard error of this process.
/// </remarks>
internal sealed partial class StandInProcess(SiloSettings settings, ILogger<StandInProcess> logger) : IStandInStarter, IDisposable
{
    /// <summary>On a machine that is busy. Calls that do not wait so long are made again, and wait for the same start.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private Process? _process;
    private Task<string?>? _started;

    /// <inheritdoc/>
    public Task<string?> StartAsync()
    {
        lock (_gate)
        {
            if (_process is null or { HasExited: true })
            {
                _process?.Dispose();
                _process = null;
                _started = Start();
            }

            return _started!;
        }
    }

    /// <inheritdoc/>
    public void Stop()
    {
        lock (_gate)
        {
            // Further ones would only wait for a process that is about to end.
            if (_process is { HasExited: false } process)
            {
                _process = null;
                process.StandardInput.Close();
                LogStopped(process.Id);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    private Task<string?> Start()
    {
        // In a program that merely hosts a silo, the command would start something else.
        if (Assembly.GetEntryAssembly() != typeof(StandInProcess).Assembly || Environment.ProcessPath is not { } program)
        {
            return Task.FromResult<string?>("the silo is hosted by another program than that of Dpark.Orleans, which alone can be started once more");
        }

        try
        {
            var process = Process.Start(NewStartInfo(program))!;
            _process = process;
            process.EnableRaisingEvents = true;
            process.Exited += (_, _) => LogEnded(process.Id, DescribeExit(process.ExitCode));
            LogStarted(process.Id);
            return WaitUntilReadyAsync(process);
        }
        catch (Exception e) when (e is Win32Exception or IOException or SocketException)
        {
            return Task.FromResult<string?>($"{program} could not be started: {e.Message.TrimEnd('.')}");
        }
    }

    private ProcessStartInfo NewStartInfo(string program)
    {
        List<string> arguments = string.Equals(Path.GetFileNameWithoutExtension(program), "dotnet", StringComparison.OrdinalIgnoreCase)
            ? [typeof(StandInProcess).Assembly.Location]
            : [];
        using var port = new TcpListener(settings.Address, 0);
        using var gatewayPort = new TcpListener(settings.Address, 0);
        port.Start();
        gatewayPort.Start();
        arguments.AddRange((settings with
        {
            Port = ((IPEndPoint)port.LocalEndpoint).Port,
            GatewayPort = ((IPEndPoint)gatewayPort.LocalEndpoint).Port,
            Primary = settings.Primary ?? (settings.Redis is null ? new("127.0.0.1", settings.Port) : null),
            SlotCount = 1,
            IsStandIn = true,
        }).ToArguments());
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };

        // The one that is set is that of this process.
        start.Environment["Dpark__BlockServer__Port"] = "0";
        return start;
    }

    private static async Task<string?> WaitUntilReadyAsync(Process process)
    {
        try
        {
            // There is one line, when the silo is ready.
            return await process.StandardOutput.ReadLineAsync().WaitAsync(StartLimit).ConfigureAwait(false) is null
                ? "the process that was started ended before it was ready; the worker's log says why"
                : null;
        }
        catch (TimeoutException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"the process that was started was not ready after {StartLimit}; the worker's log may say why");
        }
    }

    private static string DescribeExit(int code)
    {
        const int FirstSignal = 128;
        return code switch
        {
            FirstSignal + 6 => "SIGABRT: its code has overflowed the stack or failed fast",
            FirstSignal + 9 => "SIGKILL: somebody has killed it, or the system for lack of memory",
            FirstSignal + 11 => "SIGSEGV: native code has crashed",
            > FirstSignal => string.Create(CultureInfo.InvariantCulture, $"signal {code - FirstSignal}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        };
    }

    [LoggerMessage(LogLevel.Warning, "Tasks are kept from this worker because others have died under them. They run in process {ProcessId}, which was started for them.")]
    private partial void LogStarted(int processId);

    [LoggerMessage(LogLevel.Information, "Process {ProcessId}, which was started for tasks that may kill theirs, is not needed any more.")]
    private partial void LogStopped(int processId);

    [LoggerMessage(LogLevel.Warning, "Process {ProcessId}, which was started for tasks that may kill theirs, has ended by {Cause}.")]
    private partial void LogEnded(int processId, string cause);
}
