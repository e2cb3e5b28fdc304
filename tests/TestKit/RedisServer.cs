using System.Diagnostics;

namespace Dpark.TestKit;

/// <summary>A redis-server of the test's own, on loopback and in memory only. It ends when it is disposed.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly string? _directory;
    private Process _process;

    private RedisServer(int port, string? directory)
    {
        Port = port;
        _directory = directory;
        _process = Launch();
    }

    /// <summary>Whether the machine has the program.</summary>
    public static bool IsInstalled { get; } = FindProgram() is not null;

    /// <summary>Why tests that need the program are skipped.</summary>
    public static string SkipReason => "The program 'redis-server' is not installed.";

    /// <summary>The port on loopback.</summary>
    public int Port { get; }

    /// <summary>The address, such as <c>127.0.0.1:40123</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Starts a server and waits until it takes connections.</summary>
    /// <param name="directory">Where it writes all that it is told, so that it has it when it starts again; <see langword="null"/>: it keeps it in memory only.</param>
    /// <exception cref="InvalidOperationException">It ended, or took too long.</exception>
    public static async Task<RedisServer> StartAsync(string? directory = null)
    {
        // Another program may take the port between the question and the start.
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(FreePorts.Next(), directory);
            try
            {
                await server.WaitUntilReadyAsync();
                return server;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Kills the server: connections to it break, and nobody takes new ones.</summary>
    public async Task StopAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Starts it again where it was, after <see cref="StopAsync"/>.</summary>
    public Task StartAgainAsync()
    {
        _process.Dispose();
        _process = Launch();
        return WaitUntilReadyAsync();
    }

    /// <summary>Kills the server: its data in memory is lost, and connections to it break.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private Process Launch()
    {
        var program = FindProgram() ?? throw new InvalidOperationException(SkipReason);
        string[] kept = _directory is null ? ["--appendonly", "no"] : ["--appendonly", "yes", "--appendfsync", "always", "--dir", _directory];
        string[] arguments = ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--daemonize", "no", .. kept];
        return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() })!;
    }

    private static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, "redis-server"))
            .FirstOrDefault(File.Exists);

    private async Task WaitUntilReadyAsync()
    {
        using var limit = new CancellationTokenSource(StartLimit);
        var log = new List<string>();
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                log.Add(line);
                if (line.Contains("Ready to accept connections", StringComparison.Ordinal))
                {
                    // A full pipe would stop the server.
                    _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
        }

        throw new InvalidOperationException(
            $"redis-server on port {Port} was not ready within {StartLimit.TotalSeconds} s. It said: {string.Join(Environment.NewLine, log)}");
    }
}
