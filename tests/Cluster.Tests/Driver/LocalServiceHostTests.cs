using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dpark.Driver;

/// <summary>The host of a local run does what the framework's does for a silo.</summary>
public sealed class LocalServiceHostTests
{
    private readonly List<string> _calls = [];

    [Fact]
    public async Task StopAsync_SeveralServices_StopInReverseOrder()
    {
        await using var host = Build(services => services.AddSingleton<IHostedService>(Service("one")).AddSingleton<IHostedService>(Service("two")));
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();

        await host.StartAsync();
        Assert.True(lifetime.ApplicationStarted.IsCancellationRequested);
        Assert.False(lifetime.ApplicationStopping.IsCancellationRequested);
        await host.StopAsync();

        Assert.Equal(["start one", "start two", "stop two", "stop one"], _calls);
        Assert.True(lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.True(lifetime.ApplicationStopped.IsCancellationRequested);
    }

    [Fact]
    public async Task StopAsync_OneServiceFails_TheOthersStopAndItIsSaid()
    {
        await using var host = Build(services => services.AddSingleton<IHostedService>(Service("one")).AddSingleton<IHostedService>(Service("two", failsAtStop: true)));
        await host.StartAsync();

        var exception = await Assert.ThrowsAsync<AggregateException>(() => host.StopAsync());

        Assert.Equal("stop one", _calls[^1]);
        Assert.Equal("two", Assert.Single(exception.InnerExceptions).Message);
    }

    [Fact]
    public async Task StartAsync_OptionsAreWrong_NothingStartsAndItIsLogged()
    {
        var log = new List<string>();
        await using var host = Build(services =>
        {
            services.AddSingleton<IHostedService>(Service("one"));
            services.AddSingleton<ILoggerProvider>(new ListProvider(log));
            services.AddOptions<LocalOptions>().Validate(_ => false, "wrong").ValidateOnStart();
        });

        await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.Empty(_calls);
        Assert.Equal(["Error: The local run could not start."], log);
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.StopAsync());
    }

    private static LocalServiceHost Build(Action<IServiceCollection> configure)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<LocalHostLifetime>();
        services.AddSingleton<IHostApplicationLifetime>(provider => provider.GetRequiredService<LocalHostLifetime>());
        configure(services);
        return new LocalServiceHost(services.BuildServiceProvider());
    }

    private Recorder Service(string name, bool failsAtStop = false) => new Recorder(name, _calls, failsAtStop);

    private sealed class Recorder(string name, List<string> calls, bool failsAtStop) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            calls.Add($"start {name}");
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            calls.Add($"stop {name}");
            return failsAtStop ? Task.FromException(new IOException(name)) : Task.CompletedTask;
        }
    }

    private sealed class ListProvider(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
