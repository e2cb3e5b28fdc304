using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>A silo in a process of its own, which runs <see cref="SiloProgram"/>. To kill it is to kill the process: it tells nobody.</summary>
public sealed partial class ProcessSiloHandle : SiloHandle
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private bool _isStopped;
    private bool _isDisposed;

    private ProcessSiloHandle(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public override bool IsActive => !_isStopped && !_process.HasExited;

    /// <summary>Starts a silo. It is active when the task completes.</summary>
    public static async Task<SiloHandle> StartAsync(string siloName, IConfiguration configuration)
    {
        var values = configuration.AsEnumerable().Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value);
        values[SiloProgram.SiloNameKey] = siloName;
        var start = new ProcessStartInfo(DotnetPath(), ["exec", typeof(SiloProgram).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        var handle = new ProcessSiloHandle(Process.Start(start)!) { Name = siloName };
        try
        {
            await handle._process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(values));
            await handle._process.StandardInput.FlushAsync();
            await handle.ReadAddressesAsync().WaitAsync(StartLimit);
            return handle;
        }
        catch (Exception exception)
        {
            await handle.DisposeAsync();
            throw new InvalidOperationException(
                $"Silo {siloName} {(exception is TimeoutException ? $"did not become active within {StartLimit}" : "ended before it was active")}. It said: {await handle._errors.WaitAsync(Waiting.Limit)}",
                exception);
        }
    }

    /// <summary>Completes with the exit code when the process has ended, for whatever reason.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Asks the process to end, as a service manager does.</summary>
    public void Terminate() => Send(15);

    /// <summary>Lets the process do nothing more; its connections stay open.</summary>
    public void Suspend() => Send(19);

    /// <summary>Lets a suspended process go on.</summary>
    public void Resume() => Send(18);

    public override Task StopSiloAsync(bool stopGracefully) => StopSiloAsync(new CancellationToken(canceled: !stopGracefully));

    public override async Task StopSiloAsync(CancellationToken ct)
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Waiting.Limit);
        try
        {
            limit.Token.ThrowIfCancellationRequested();
            await _process.StandardInput.WriteLineAsync("stop");
            await _process.StandardInput.FlushAsync(limit.Token);
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // A kill, a process that does nothing more, or one that has ended already.
            await KillAsync();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await StopSiloAsync(stopGracefully: false);
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _isStopped = true;
            _process.Kill();
            _process.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task ReadAddressesAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync()
            ?? throw new EndOfStreamException("The output ended before it had a line.");
        var addresses = line.Split(' ');
        SiloAddress = SiloAddress.FromParsableString(addresses[0]);
        GatewayAddress = addresses[1].Length == 0 ? null! : SiloAddress.FromParsableString(addresses[1]);

        // A full pipe would stop the silo.
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }

    private async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    private void Send(int signal)
    {
        if (Kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to silo {Name}, process {_process.Id}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    private static string DotnetPath() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
