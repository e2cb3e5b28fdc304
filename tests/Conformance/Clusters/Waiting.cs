namespace Dpark.Conformance.Clusters;

internal static class Waiting
{
    /// <summary>
    /// No signal of a healthy cluster takes this long. Below the response timeout, so that its message is not the one that one sees. Longer with silos in
    /// processes of their own, whose loss is found by probes: silos that a busy machine keeps waiting give others more time to answer.
    /// </summary>
    public static readonly TimeSpan Limit = ClusterHosting.IsInProcess ? TimeSpan.FromSeconds(25) : ProcessSilo.ResponseTimeout - TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Fails the test when <paramref name="phase"/> is not over in time. The task's own exceptions pass.</summary>
    public static async Task Within(this Task task, string phase)
    {
        using var stop = new CancellationTokenSource();
        if (await Task.WhenAny(task, Task.Delay(Limit, stop.Token)) != task)
        {
            Assert.Fail($"Waited {Limit.TotalSeconds} s: {phase}.");
        }

        await stop.CancelAsync();
        await task;
    }

    /// <inheritdoc cref="Within(Task, string)"/>
    public static async Task<T> Within<T>(this Task<T> task, string phase)
    {
        await ((Task)task).Within(phase);
        return await task;
    }

    /// <summary>Completes when something is so that nobody tells. Fails the test when it is not in time.</summary>
    public static async Task Until(Func<bool> condition, string phase)
    {
        using var timer = new PeriodicTimer(Interval);
        await PollAsync().Within(phase);

        async Task PollAsync()
        {
            while (!condition() && await timer.WaitForNextTickAsync())
            {
            }
        }
    }

    /// <summary>The exception that a task ends with. Fails the test when there is none, or not in time.</summary>
    public static async Task<Exception> FailureWithin(this Task task, string phase)
    {
        await ((Task)task.ContinueWith(_ => { }, TaskScheduler.Default)).Within(phase);
        var exception = await Record.ExceptionAsync(() => task);
        Assert.True(exception is not null, $"No exception: {phase}.");
        return exception!;
    }
}
