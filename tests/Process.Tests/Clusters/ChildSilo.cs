using System.Diagnostics;
using System.Text;
using Dpark.TestKit;

namespace Dpark.Tests.Process.Clusters;

/// <summary>The silo program as a process, from what the build left. Killed with the test if it still runs.</summary>
internal sealed class ChildSilo : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly ProcessStartInfo _start;
    private readonly System.Diagnostics.Process _process;
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _log = new();
    private readonly StringBuilder _output = new();
    private readonly Task _reading;

    private ChildSilo(ProcessStartInfo start, int port, int gatewayPort)
    {
        _start = start;
        Port = port;
        GatewayPort = gatewayPort;
        _process = System.Diagnostics.Process.Start(start)!;
        _reading = Task.WhenAll(ReadOutputAsync(), ReadLogAsync());
    }

    /// <summary>Where the build left the program: in its own directory, which has none of the tests' assemblies.</summary>
    public static string AssemblyPath =>
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Silo", new DirectoryInfo(AppContext.BaseDirectory).Name, "Dpark.Orleans.Silo.dll");

    public int Port { get; }

    public int GatewayPort { get; }

    /// <summary>Such as <c>127.0.0.1:40123</c>.</summary>
    public string Gateway => $"127.0.0.1:{GatewayPort}";

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The line that says that the silo is ready.</summary>
    public Task<string> Ready => _ready.Task.WaitAsync(Limit);

    /// <summary>What it has written on standard error so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Waits until it has written something on standard error.</summary>
    public async Task UntilLogAsync(string text)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var startedAt = Stopwatch.GetTimestamp();
        while (!Log.Contains(text, StringComparison.Ordinal))
        {
            if (Stopwatch.GetElapsedTime(startedAt) > Limit)
            {
                throw new TimeoutException($"Silo {Port} did not write '{text}' within {Limit}. Its log: {Log}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Starts one on free ports of loopback.</summary>
    /// <param name="arguments">All but the ports.</param>
    public static ChildSilo Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var (port, gatewayPort) = (FreePorts.Next(), FreePorts.Next());
        return Start([.. arguments, "--port", $"{port}", "--gateway-port", $"{gatewayPort}"], environment, port, gatewayPort);
    }

    /// <summary>Starts another one with the same arguments and ports. This one must have ended.</summary>
    public ChildSilo StartAgain() => new(_start, Port, GatewayPort);

    /// <summary>Starts one with exactly these arguments, and waits until it has ended.</summary>
    public static async Task<ProgramResult> RunAsync(params string[] arguments)
    {
        await using var silo = Start(arguments, null, 0, 0);
        var code = await silo.WaitForExitAsync();
        return new ProgramResult(code, silo._output.ToString(), silo.Log);
    }

    public void Send(Signal signal) => Signals.Send(ProcessId, signal);

    /// <summary>Ends it at once, and waits until it has ended.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync();
    }

    /// <returns>Its exit code.</returns>
    public async Task<int> WaitForExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Limit);
            await _reading.WaitAsync(Limit);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Silo {Port} did not end within {Limit}. Its log: {Log}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await WaitForExitAsync();
        _process.Dispose();
    }

    private static ChildSilo Start(string[] arguments, IReadOnlyDictionary<string, string>? environment, int port, int gatewayPort)
    {
        var start = new ProcessStartInfo(WordCountProgram.Host, [AssemblyPath, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new ChildSilo(start, port, gatewayPort);
    }

    private async Task ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _output.AppendLine(line);
            _ready.TrySetResult(line);
        }

        _ready.TrySetException(new InvalidOperationException($"Silo {Port} ended before it was ready. Its log: {Log}"));
        _ = _ready.Task.Exception;
    }

    private async Task ReadLogAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }
    }
}
