namespace Dpark.Tasks;

/// <summary>One attempt on one worker: starts it once, cancels it. Keyed by <see cref="TaskAttemptId"/>; lives on the silo that calls it.</summary>
/// <remarks>
/// The attempt itself runs in the silo's executor and reports in its outbox, so the activation goes as soon as the attempt is queued. What was started before is
/// known to the executor, not to the activation: a launch that arrives again is recognised there.
/// </remarks>
[Alias("dpark.ITaskGrain")]
public interface ITaskGrain : IGrainWithStringKey
{
    /// <summary>Queues the attempt in the executor and returns at once. A second call changes nothing.</summary>
    /// <param name="epoch">Of the application's driver.</param>
    /// <returns><see langword="false"/> if it was refused: the epoch is old, the application has ended, or the worker stops.</returns>
    [Alias("Start")]
    ValueTask<bool> StartAsync(TaskLaunch launch, long epoch);
}
