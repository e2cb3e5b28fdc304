using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>
/// Ends the process, after the log had time to be written. The cluster has given the silo's grains to others, so running on could do harm.
/// </summary>
internal sealed partial class FatalErrorHandler(ILogger<FatalErrorHandler> logger) : IFatalErrorHandler
{
    private static readonly TimeSpan TimeForLogs = TimeSpan.FromSeconds(2);

    public bool IsUnexpected(Exception exception) => exception is not (ObjectDisposedException or OperationCanceledException);

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        LogFatal(exception, sender?.GetType(), context);
        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                Thread.Sleep(TimeForLogs);
                Environment.FailFast($"{context} The process ends.", exception);
            },
            null);
    }

    [LoggerMessage(LogLevel.Critical, "Fatal error in {Sender}: {Context} The process ends.")]
    private partial void LogFatal(Exception? exception, Type? sender, string? context);
}
