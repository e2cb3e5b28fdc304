using Dpark.Applications;
using Dpark.Configuration;

namespace Dpark.Scheduling;

/// <summary>Decides what runs where, for all jobs of one application. Pure: events in, actions out. Not thread-safe: one loop of the driver owns it.</summary>
public sealed class JobScheduler
{
    /// <summary>Makes a scheduler without workers and jobs.</summary>
    /// <param name="timeProvider">Asked for timestamps only; the scheduler starts no timers.</param>
    public JobScheduler(AppId application, SchedulerOptions options, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        Application = application;
    }

    /// <summary>The application whose jobs it runs.</summary>
    public AppId Application { get; }

    /// <summary>Counts losses of map outputs, from 0. A list of map outputs is at least as new as the epoch it was registered with.</summary>
    public long Epoch { get; private set; }

    /// <summary>Takes in one event. What follows from it is in the next <see cref="Decide"/>.</summary>
    public void Apply(SchedulerEvent change) => throw new NotImplementedException();

    /// <summary>Gives tasks to free slots, and returns everything to do since the last call. Call it once after a group of events: tasks for one worker then travel together.</summary>
    /// <returns>Actions in the order in which to carry them out; the caller's to keep. Mostly empty.</returns>
    public IReadOnlyList<SchedulerAction> Decide() => throw new NotImplementedException();

    /// <summary>Checks that no job is left and nothing of finished ones but map outputs. For tests.</summary>
    /// <exception cref="InvalidOperationException">Something is left; the message names it.</exception>
    public void AssertNoState() => throw new NotImplementedException();
}
