using Microsoft.Extensions.Logging;

namespace Dpark.Workloads;

/// <summary>The engine as it is measured: its defaults, in this process. Its files are in the system's temporary directory, of which it would warn.</summary>
internal static class Engine
{
    public static Task<DparkContext> StartAsync(CancellationToken cancellationToken) =>
        DparkContext.LocalAsync(new LocalOptions { MinimumLogLevel = LogLevel.Error }, cancellationToken);
}
