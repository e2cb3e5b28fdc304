using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class Activation
{
    private long _blockedSince;
    private long _warnedOf = -1;

    /// <summary>The exception for a request that finds too many before it; null: it may wait. Under the lock.</summary>
    private LimitExceededException? CheckLimit(Message message)
    {
        if (message.Kind is not (MessageKind.Request or MessageKind.OneWay))
        {
            return null;
        }

        var (options, waiting) = (Runtime.MessagingOptions, _waiting?.Count ?? 0);
        var (soft, hard) = Class.UsesDirectory
            ? (options.MaxEnqueuedRequestsSoftLimit, options.MaxEnqueuedRequestsHardLimit)
            : (options.MaxEnqueuedRequestsSoftLimit_StatelessWorker, options.MaxEnqueuedRequestsHardLimit_StatelessWorker);
        if (hard > 0 && waiting >= hard)
        {
            return new LimitExceededException($"Grain {GrainId} has {waiting} waiting requests, which is the limit. Send less at a time, or raise MaxEnqueuedRequestsHardLimit.");
        }

        if (soft > 0 && waiting == soft)
        {
            LogManyWait(Runtime.Logger, GrainId, waiting + 1);
        }

        return null;
    }

    /// <summary>
    /// Whether what runs has blocked the activation for longer than a request may take. Then it is left with that, and no longer counts as the grain's. Asked
    /// when another request has to wait, under the lock; after a yes, <see cref="LeaveStuck"/> follows outside of it.
    /// </summary>
    private bool IsStuck()
    {
        if (_state != ActivationState.Valid || _blockingCount == 0)
        {
            return false;
        }

        var (options, since) = (Runtime.MessagingOptions, _blockedSince);
        var busy = Environment.TickCount64 - since;
        if (busy < options.MaxRequestProcessingTime.TotalMilliseconds)
        {
            if (busy >= options.RequestProcessingWarningTime.TotalMilliseconds && _warnedOf != since)
            {
                _warnedOf = since;
                LogLongRequest(Runtime.Logger, GrainId, busy, _running[0]);
            }

            return false;
        }

        _reason = new DeactivationReason(
            DeactivationReasonCode.ActivationUnresponsive,
            $"Request {_running[0]} has been running for {busy} ms, which is longer than MaxRequestProcessingTime, and others wait. It is likely stuck.");
        _state = ActivationState.Deactivating;
        _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    // Not as turns: the request that is stuck may have the thread of one.
    private void LeaveStuck()
    {
        LogStuck(Runtime.Logger, GrainId, _reason.Description);
        StopTimers();
        _ = Task.Run(async () =>
        {
            await LeaveAsync(_reason);
            NoteEnd();
            await _drained!.Task;
            Turns.QueueAction(static state => _ = ((Activation)state!).DisposeGrainAsync(), this);
        });
    }

    [LoggerMessage(LogLevel.Warning, "Grain {Grain} has {Count} waiting requests, more than MaxEnqueuedRequestsSoftLimit.")]
    private static partial void LogManyWait(ILogger logger, GrainId grain, int count);

    [LoggerMessage(LogLevel.Warning, "Requests to grain {Grain} wait, for one has been running for {Milliseconds} ms: {Request}.")]
    private static partial void LogLongRequest(ILogger logger, GrainId grain, long milliseconds, Message request);

    [LoggerMessage(LogLevel.Error, "Grain {Grain} is given up and activated anew. {Reason}")]
    private static partial void LogStuck(ILogger logger, GrainId grain, string reason);
}
