using Microsoft.Extensions.Logging;

namespace Dpark.Clusters;

/// <summary>Writes one line per message to standard error. A small stand-in for the console logger, which would take a tenth of the start of a local run.</summary>
internal sealed class StandardErrorLoggerProvider : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
    }

    private sealed class Logger(string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var cause = exception is null ? "" : logLevel >= LogLevel.Error ? $"{Environment.NewLine}{exception}" : $" ({exception.GetType().Name}: {exception.Message})";
            Console.Error.WriteLine($"{Word(logLevel)}: {category}: {formatter(state, exception)}{cause}");
        }

        private static string Word(LogLevel level) => level switch
        {
            LogLevel.Critical or LogLevel.Error => "error",
            LogLevel.Warning => "warning",
            LogLevel.Information => "info",
            _ => "debug",
        };
    }
}
