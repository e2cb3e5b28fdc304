using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>What the turn schedulers of a silo share.</summary>
internal sealed partial class TurnSettings(IOptions<SchedulingOptions> options, ILogger<TurnScheduler> logger)
{
    public long QuantumMilliseconds { get; } = (long)options.Value.ActivationSchedulingQuantum.TotalMilliseconds;

    public long WarningMilliseconds { get; } = (long)options.Value.TurnWarningLengthThreshold.TotalMilliseconds;

    public void OnLongTurn(IGrainContext? context, object turn, long milliseconds) =>
        LogLongTurn(logger, context?.GrainId.ToString() ?? "-", turn.ToString() ?? "", milliseconds);

    public void OnFailedTurn(IGrainContext? context, Exception exception) => LogFailedTurn(logger, context?.GrainId.ToString() ?? "-", exception);

    [LoggerMessage(
        LogLevel.Warning,
        "A turn of grain {Grain} took {Milliseconds} ms: {Turn}. Nothing else of the grain ran meanwhile; run long work on threads of its own.")]
    private static partial void LogLongTurn(ILogger logger, string grain, string turn, long milliseconds);

    [LoggerMessage(LogLevel.Error, "A turn of grain {Grain} failed outside of any request.")]
    private static partial void LogFailedTurn(ILogger logger, string grain, Exception exception);
}
