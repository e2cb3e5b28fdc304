using System.Threading.Channels;
using Dpark.Scheduling;

namespace Dpark.Driver;

/// <summary>
/// The one place where the scheduler is used: takes groups of events as they come, applies them, asks once for a decision, and hands its actions over in order.
/// </summary>
/// <remarks>Anyone may <see cref="Tell(SchedulerEvent)"/>; everything else happens in the loop, one thing at a time.</remarks>
/// <param name="act">Carries out one action. Must not block, and must not throw.</param>
/// <param name="applied">Told each event after the actions of its group.</param>
/// <param name="refused">Told when the scheduler refuses a job.</param>
internal sealed class DriverLoop(
    JobScheduler scheduler, TimeProvider timeProvider, Action<SchedulerAction> act, Action<SchedulerEvent> applied, Action<JobSubmitted, ArgumentException> refused)
{
    // A decision is not put off for longer than this, however fast events come.
    private const int MaxGroupsPerDecision = 64;

    private readonly Channel<SchedulerEvent[]> _events = Channel.CreateUnbounded<SchedulerEvent[]>(new() { SingleReader = true });
    private readonly List<SchedulerEvent> _marks = [];

    /// <summary>Gives an event to the loop. Ignored after <see cref="Complete"/>.</summary>
    public void Tell(SchedulerEvent change) => _events.Writer.TryWrite([change]);

    /// <summary>Gives events to the loop that have come together, so that what follows from them is decided at once.</summary>
    public void Tell(SchedulerEvent[] changes) => _events.Writer.TryWrite(changes);

    /// <summary>Ends the loop after the events that were given to it.</summary>
    public void Complete() => _events.Writer.TryComplete();

    /// <summary>Runs until <see cref="Complete"/>.</summary>
    public async Task RunAsync()
    {
        using var timer = timeProvider.CreateTimer(_ => Tell(new Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var reader = _events.Reader;
        while (await reader.WaitToReadAsync().ConfigureAwait(false))
        {
            for (var count = 0; count < MaxGroupsPerDecision && reader.TryRead(out var group); count++)
            {
                foreach (var change in group)
                {
                    Apply(change);
                }
            }

            Decide(timer);
        }
    }

    private void Apply(SchedulerEvent change)
    {
        try
        {
            scheduler.Apply(change);
        }
        catch (ArgumentException e) when (change is JobSubmitted submission)
        {
            refused(submission, e);
            return;
        }

        if (change is JobCancelled or RegistryLost)
        {
            _marks.Add(change);
        }
    }

    private void Decide(ITimer timer)
    {
        foreach (var action in scheduler.Decide())
        {
            if (action is WakeAt wake)
            {
                timer.Change(wake.Delay, Timeout.InfiniteTimeSpan);
            }
            else
            {
                act(action);
            }
        }

        foreach (var mark in _marks)
        {
            applied(mark);
        }

        _marks.Clear();
    }
}
