using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>What a driver tells those that listen.</summary>
public sealed class DriverListenerTests : DriverTest
{
    [Fact]
    public async Task Listeners_OneJob_HearItInOrder()
    {
        var worker = Cluster.AddWorker("w1");
        var context = Context();
        var listener = new RecordingListener();
        using var subscription = context.Subscribe(listener);
        var collected = context.Range(0, 2, sliceCount: 2).CollectAsync();
        TaskLaunch[] launches = [await worker.NextLaunchAsync(), await worker.NextLaunchAsync()];

        worker.Report([.. launches.Select(launch => Reports.Result(launch.Attempt, 1L) with { Warnings = ["Something is odd."] })]);

        await Wait.For(collected, "the job");
        Assert.Equal("started CollectAsync", listener.Heard[0]);
        Assert.Equal("ended Succeeded, 2 tasks, 20 records, Something is odd.", listener.Heard[^1]);
        Assert.Single(listener.Heard, text => text == "warning Something is odd.");
        Assert.Equal(20, context.Totals.InputRecords);
    }

    [Fact]
    public async Task Listener_Throws_JobGoesOn()
    {
        var worker = Cluster.AddWorker("w1");
        var context = Context();
        using var subscription = context.Subscribe(new RecordingListener { Failure = new InvalidOperationException("I am broken.") });
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();

        await ReportNextAsync(worker, 5);

        await AssertCollectedAsync([5L], collected);
    }

    private sealed class RecordingListener : IJobListener
    {
        private readonly Lock _gate = new();
        private readonly List<string> _heard = [];

        public Exception? Failure { get; init; }

        public IReadOnlyList<string> Heard
        {
            get
            {
                lock (_gate)
                {
                    return [.. _heard];
                }
            }
        }

        public void OnJobStarted(JobStarted job) => Note($"started {job.CallSite.Operator}");

        public void OnWarning(JobId job, string text) => Note($"warning {text}");

        public void OnStageProgress(StageProgress progress) => Note($"progress {progress.DoneCount}/{progress.TotalCount}");

        public void OnJobEnded(JobSummary job) =>
            Note($"ended {job.Outcome}, {job.Metrics.TaskCount} tasks, {job.Metrics.InputRecords} records, {string.Join(' ', job.Warnings)}");

        private void Note(string text)
        {
            lock (_gate)
            {
                _heard.Add(text);
            }

            if (Failure is not null)
            {
                throw Failure;
            }
        }
    }
}
