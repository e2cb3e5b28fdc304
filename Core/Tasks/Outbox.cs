using Dpark.Applications;

namespace Dpark.Tasks;

/// <summary>The finished attempts of one worker that drivers have not collected yet, in order, per application. Thread-safe.</summary>
public sealed class Outbox
{
    /// <summary>Makes an empty outbox with a new generation.</summary>
    /// <param name="timeProvider">Times how long a poll waits.</param>
    public Outbox(TimeProvider timeProvider) => ArgumentNullException.ThrowIfNull(timeProvider);

    /// <summary>Which life of the worker's outbox this is.</summary>
    public Guid Generation { get; } = Guid.NewGuid();

    /// <summary>Adds a report to the end of its application's reports and answers a waiting poll. Never blocks. Reports of dropped applications are discarded.</summary>
    public void Append(TaskReport report) => throw new NotImplementedException();

    /// <summary>Forgets every report up to the cursor and returns the newer ones: at once if there are any, else as soon as one comes.</summary>
    /// <param name="after">Where the driver's last batch ended. One of another generation, or the default, acknowledges nothing.</param>
    /// <param name="maxWait">How long to wait for a first report. 0 returns at once.</param>
    /// <param name="cancellationToken">Ends the wait with an empty batch.</param>
    /// <returns>Reports in order; none after <paramref name="maxWait"/>, after a newer poll of the same application, or when the application was dropped.</returns>
    public ValueTask<OutboxBatch> PollAsync(
        AppId application, OutboxCursor after, OutboxLimits limits, TimeSpan maxWait, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Forgets an application for good. A waiting poll ends with an empty batch.</summary>
    public void Drop(AppId application) => throw new NotImplementedException();
}
