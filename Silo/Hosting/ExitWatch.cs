using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Hosting;

/// <summary>Says which tasks ran when the process of a worker ends and nobody has asked it to: one of them has ended it. Thread-safe.</summary>
/// <remarks>It sees <c>Environment.Exit</c> and exceptions that nobody catches on threads of user code. A stack overflow, <c>Environment.FailFast</c> and a signal leave no time.</remarks>
internal sealed partial class ExitWatch : IDisposable
{
    /// <summary>The process waits so long for drivers to be told; their polls are waiting already.</summary>
    private static readonly TimeSpan ReportTime = TimeSpan.FromMilliseconds(500);

    private readonly Worker _worker;
    private readonly ILogger<ExitWatch> _logger;

    public ExitWatch(Worker worker, ILogger<ExitWatch> logger)
    {
        _worker = worker;
        _logger = logger;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandledException;
    }

    private void OnProcessExit(object? sender, EventArgs e) => End($"Environment.Exit({Environment.ExitCode}) was called");

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs e) =>
        End($"{e.ExceptionObject.GetType()} was thrown on a thread where nobody catches it");

    private void End(string cause)
    {
        if (_worker.EndProcess(cause) is { Count: > 0 } running)
        {
            LogEnds(cause, string.Join(", ", running));
            Thread.Sleep(ReportTime);
        }
    }

    [LoggerMessage(LogLevel.Critical, "The process ends: {Cause}, while these tasks ran: {Attempts}. Code of one of them may have done it.")]
    private partial void LogEnds(string cause, string attempts);
}
