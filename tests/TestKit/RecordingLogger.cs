using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Dpark.TestKit;

/// <summary>Keeps every line that is logged. Thread-safe.</summary>
public sealed class RecordingLogger<T> : ILogger<T>
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Lock _lock = new();
    private readonly List<(string Text, TaskCompletionSource<string> Found)> _awaited = [];

    /// <summary>What was logged so far, without levels.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Completes with the first line that contains a text, logged already or later.</summary>
    public Task<string> LineWithAsync(string text)
    {
        lock (_lock)
        {
            if (_lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } line)
            {
                return Task.FromResult(line);
            }

            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((text, found));
            return found.Task;
        }
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = formatter(state, exception);
        lock (_lock)
        {
            _lines.Enqueue(line);
            foreach (var (text, found) in _awaited)
            {
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    found.TrySetResult(line);
                }
            }
        }
    }
}
