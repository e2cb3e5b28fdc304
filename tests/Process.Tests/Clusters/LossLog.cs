using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Dpark.Tests.Process.Clusters;

/// <summary>Notes when the driver notices the loss of a worker. Thread-safe.</summary>
internal sealed class LossLog : ILoggerFactory, ILogger
{
    private readonly TaskCompletionSource<long> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The timestamp of the first loss.</summary>
    public Task<long> Lost => _lost.Task;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (formatter(state, exception).Contains("left the cluster", StringComparison.Ordinal))
        {
            _lost.TrySetResult(Stopwatch.GetTimestamp());
        }
    }
}
