using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Stops the silo, not the process, which may be that of the tests. Whoever started a process for one silo ends it.</summary>
internal sealed class TestFatalErrorHandler(IServiceProvider services) : IFatalErrorHandler
{
    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception) =>
        _ = Task.Run(() => services.GetRequiredService<IHost>().StopAsync(new CancellationToken(canceled: true)));
}
