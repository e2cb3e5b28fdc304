using System.Collections.Immutable;
using Dpark.Configuration;
using Dpark.Jobs;
using Dpark.Progress;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>The listeners of a context. Thread-safe; the driver's loop tells them.</summary>
internal sealed partial class JobListeners : IDisposable
{
    private readonly ConsoleProgress? _console;
    private readonly ILogger<JobListeners> _logger;
    private ImmutableArray<IJobListener> _listeners;

    public JobListeners(DparkClientOptions options, TimeProvider timeProvider, ILoggerFactory loggers)
    {
        _logger = loggers.CreateLogger<JobListeners>();
        _listeners = [.. options.Listeners];
        if (options.ShowProgress)
        {
            _console = new ConsoleProgress(Console.Error, !Console.IsErrorRedirected, timeProvider);
            _listeners = _listeners.Add(_console);
        }
    }

    public IDisposable Add(IJobListener listener)
    {
        ImmutableInterlocked.Update(ref _listeners, static (list, added) => list.Add(added), listener);
        return new Subscription(this, listener);
    }

    public void Tell<TNews>(TNews news, Action<IJobListener, TNews> call)
    {
        foreach (var listener in _listeners)
        {
            try
            {
                call(listener, news);
            }
#pragma warning disable CA1031 // A listener is the user's code, and no job may end because of it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogListenerFailed(e, listener.GetType().Name, typeof(TNews).Name);
            }
        }
    }

    public void Dispose() => _console?.Dispose();

    [LoggerMessage(LogLevel.Error, "The job listener {Listener} failed when it was told {News}. It is told what comes next all the same.")]
    private partial void LogListenerFailed(Exception exception, string listener, string news);

    private sealed class Subscription(JobListeners owner, IJobListener listener) : IDisposable
    {
        public void Dispose() =>
            ImmutableInterlocked.Update(ref owner._listeners, static (list, removed) => list.Remove(removed), listener);
    }
}
