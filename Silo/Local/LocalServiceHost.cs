using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dpark;

/// <summary>Starts, stops and disposes the services of a local run, as the framework's host does.</summary>
/// <remarks>
/// A local run has a silo and nothing else. The framework's builders of hosts, also the empty one, prepare files, metrics and stages for what is not there, which
/// takes a tenth of the start.
/// </remarks>
internal sealed partial class LocalServiceHost(ServiceProvider services) : IHost, IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly ILogger<LocalServiceHost> _logger = services.GetRequiredService<ILogger<LocalServiceHost>>();
    private readonly LocalHostLifetime _lifetime = services.GetRequiredService<LocalHostLifetime>();
    private IHostedService[]? _hosted;
    private bool _isStarting;

    public IServiceProvider Services => services;

    /// <summary>Checks the options, then starts the services in the order in which they were added.</summary>
    /// <exception cref="Exception">What is wrong, as the options' validator or the service says it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        _isStarting = true;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            services.GetService<IStartupValidator>()?.Validate();
            _hosted = [.. services.GetServices<IHostedService>()];
            foreach (var service in _hosted)
            {
                await service.StartAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            LogStartFailed(e);
            throw;
        }

        _lifetime.SetStarted();
    }

    /// <summary>Stops the services in reverse order; each is asked, also if another one fails.</summary>
    /// <exception cref="InvalidOperationException">The start failed before there were services.</exception>
    /// <exception cref="AggregateException">Services could not stop.</exception>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        _lifetime.StopApplication();
        if (_isStarting && _hosted is null)
        {
            throw new InvalidOperationException("The start of this host failed before it had made its services, so there is nothing to stop.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StopLimit);
        List<Exception> failures = [];
        for (var i = (_hosted?.Length ?? 0) - 1; i >= 0; i--)
        {
            try
            {
                await _hosted![i].StopAsync(limit.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // The others must stop as well; the caller is told about all of them.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failures.Add(e);
            }
        }

        _lifetime.SetStopped();
        if (failures.Count > 0)
        {
            throw new AggregateException("Services of the local run could not stop.", failures);
        }
    }

    public ValueTask DisposeAsync() => services.DisposeAsync();

    public void Dispose() => services.Dispose();

    [LoggerMessage(LogLevel.Error, "The local run could not start.")]
    private partial void LogStartFailed(Exception exception);
}
