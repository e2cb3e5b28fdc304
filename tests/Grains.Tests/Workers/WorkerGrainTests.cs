using System.Text;
using Dpark.Applications;
using Dpark.Clusters;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Workers;

public sealed class WorkerGrainTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private readonly GrainsCluster _cluster = fixture.Cluster;
    private readonly AppId _application = GrainsCluster.NewApplication();

    [Fact]
    public async Task Launch_PublishedProgram_ReportsItsResult()
    {
        var program = await _cluster.PublishAsync(_application, (partition, _) => Encoding.UTF8.GetBytes($"partition {partition.Index}"));

        var report = await _cluster.RunAsync(_application, program, partition: 7);

        Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
        Assert.Equal("partition 7", Encoding.UTF8.GetString(report.Result!));
        Assert.Equal(new(_application, 0, 0, 7, 0), report.Attempt);
    }

    [Fact]
    public async Task Launch_ManyAttempts_ReportsEachOnce()
    {
        const int Count = 1000;
        var program = await _cluster.PublishAsync(_application, (partition, _) => BitConverter.GetBytes(partition.Index));
        TaskLaunch[] launches = [.. Enumerable.Range(0, Count).Select(i => _cluster.Launch(_application, program, i))];

        Assert.Empty(await _cluster.Worker().LaunchAsync(new(_application, 1, launches), CancellationToken.None));
        var reports = await _cluster.NextReportsAsync(_application, Count);

        Assert.Equal(Enumerable.Range(0, Count), reports.Select(report => BitConverter.ToInt32(report.Result!)).Order());
    }

    [Fact]
    public async Task StartStandIn_HostIsNotTheSiloProgram_SaysSo() =>
        Assert.Equal("its host does not start processes", await _cluster.Worker().StartStandInAsync(_application, CancellationToken.None));

    [Fact]
    public async Task Launch_SameBatchTwice_RunsOnce()
    {
        using var signals = new Signals();
        var id = signals.Id;
        var program = await _cluster.PublishAsync(_application, (_, _) =>
        {
            Signals.Count(id);
            return [];
        });
        var batch = new TaskBatch(_application, 1, [_cluster.Launch(_application, program)]);

        Assert.Empty(await _cluster.Worker().LaunchAsync(batch, CancellationToken.None));
        await _cluster.NextReportAsync(_application);
        Assert.Empty(await _cluster.Worker().LaunchAsync(batch, CancellationToken.None));
        await _cluster.RunAsync(_application, program, partition: 1);

        Assert.Equal(2, signals.Counted);
        Assert.Empty((await _cluster.PollAsync(_application, TimeSpan.Zero)).Reports);
    }

    [Fact]
    public async Task Launch_OlderEpoch_IsRefused()
    {
        var program = await _cluster.PublishAsync(_application, (_, _) => []);
        await _cluster.RunAsync(_application, program, epoch: 5);
        var launch = _cluster.Launch(_application, program, partition: 1);

        var refused = await _cluster.Worker().LaunchAsync(new(_application, 4, [launch]), CancellationToken.None);
        var isCancelled = await _cluster.Worker().CancelAsync(_application, 4, [launch.Attempt], CancellationToken.None);

        Assert.Equal([launch.Attempt], refused);
        Assert.False(isCancelled);
    }

    [Fact]
    public async Task Launch_ProgramThatNobodyPublished_ReportsMissingInput()
    {
        var report = await _cluster.RunAsync(_application, new(new string('0', 64)));

        Assert.Equal(TaskOutcome.MissingInput, report.Outcome);
        Assert.Contains("program-000", report.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Launch_BringsItsProgram_NobodyNeedsToHavePublishedIt()
    {
        for (var round = 0; round < 2; round++)
        {
            // The second one has the tables of the first, so it is prepared when it comes.
            var add = round;
            var (program, bytes) = _cluster.Serialize((partition, _) => [(byte)(partition.Index + add)]);
            var launch = _cluster.Launch(_application, program, partition: 5 + round);

            Assert.Empty(await _cluster.Worker().LaunchAsync(new(_application, 1, [launch]) { Program = bytes }, CancellationToken.None));

            Assert.Equal([(byte)(5 + (2 * round))], (await _cluster.NextReportAsync(_application)).Result!);
        }
    }

    [Fact]
    public async Task Launch_BringsAnotherProgramThanItNames_IsNotRun()
    {
        var (_, other) = _cluster.Serialize((_, _) => [1]);
        var launch = _cluster.Launch(_application, new(new string('0', 64)));

        await _cluster.Worker().LaunchAsync(new(_application, 1, [launch]) { Program = other }, CancellationToken.None);

        Assert.Equal(TaskOutcome.MissingInput, (await _cluster.NextReportAsync(_application)).Outcome);
    }

    [Fact]
    public async Task Launch_BringsTheListOfItsShuffle_RegistryIsNotAsked()
    {
        var (shuffle, program) = await PublishReaderAsync();
        var batch = new TaskBatch(_application, 1, [_cluster.Launch(_application, program, mapOutputEpoch: 3)]) { Inputs = [new(shuffle, 0, [], 3, IsLast: true)] };

        await _cluster.Worker().LaunchAsync(batch, CancellationToken.None);

        Assert.Equal(TaskOutcome.Succeeded, (await _cluster.NextReportAsync(_application)).Outcome);
    }

    [Fact]
    public async Task Launch_OlderEpochBringsAList_ItIsNotUsed()
    {
        var (shuffle, program) = await PublishReaderAsync();
        var other = await _cluster.PublishAsync(_application, (_, _) => []);
        await _cluster.RunAsync(_application, other, epoch: 5, partition: 1);
        var launch = _cluster.Launch(_application, program);

        await _cluster.Worker().LaunchAsync(new(_application, 4, [launch]) { Inputs = [new(shuffle, 0, [], 3, IsLast: true)] }, CancellationToken.None);
        await _cluster.Worker().LaunchAsync(new(_application, 5, [launch]), CancellationToken.None);

        Assert.Equal(TaskOutcome.FetchFailed, (await _cluster.NextReportAsync(_application)).Outcome);
    }

    [Fact]
    public async Task Launch_UserCodeThrows_ReportsTypeAndMessage()
    {
        var program = await _cluster.PublishAsync(_application, (_, _) => throw new FormatException("no number"));

        var report = await _cluster.RunAsync(_application, program);

        Assert.Equal(TaskOutcome.Failed, report.Outcome);
        Assert.Equal((typeof(FormatException).FullName, "no number"), (report.Failure!.ExceptionType, report.Failure.Message));
        Assert.NotNull(report.Failure.Exception);
    }

    [Fact]
    public async Task Launch_ReadsShuffleThatTheRegistryDoesNotKnow_ReportsFetchFailureOfTheList()
    {
        var (shuffle, program) = await PublishReaderAsync();

        var report = await _cluster.RunAsync(_application, program);

        Assert.Equal(TaskOutcome.FetchFailed, report.Outcome);
        Assert.Equal((shuffle, -1), (report.Failure!.Shuffle, report.Failure.MapIndex));
    }

    [Fact]
    public async Task Launch_LargeResult_IsStreamedFromTheBlockServer()
    {
        var program = await _cluster.PublishAsync(_application, (_, _) => [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 3))]);

        var report = await _cluster.RunAsync(_application, program);

        Assert.Null(report.Result);
        var bytes = await _cluster.Blocks.ReadAsync(report.ResultBlock!, CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 100_000).Select(i => (byte)(i * 3)), bytes);
    }

    [Fact]
    public async Task Cancel_RunningAttempt_ReportsCancelled()
    {
        using var signals = new Signals();
        var id = signals.Id;
        var program = await _cluster.PublishAsync(_application, (_, context) =>
        {
            Signals.WaitForCancellation(id, context.CancellationToken);
            return [];
        });
        var launch = _cluster.Launch(_application, program);
        await _cluster.Worker().LaunchAsync(new(_application, 1, [launch]), CancellationToken.None);
        await signals.Started;

        Assert.True(await _cluster.Worker().CancelAsync(_application, 1, [launch.Attempt], CancellationToken.None));

        Assert.Equal(TaskOutcome.Cancelled, (await _cluster.NextReportAsync(_application)).Outcome);
    }

    [Fact]
    public async Task EndApplication_AttemptRunsAndBlocksExist_LeavesNothing()
    {
        using var signals = new Signals();
        var id = signals.Id;
        var large = await _cluster.PublishAsync(_application, (_, _) => new byte[100_000]);
        await _cluster.RunAsync(_application, large);
        var waits = await _cluster.PublishAsync(_application, (_, context) =>
        {
            Signals.WaitForCancellation(id, context.CancellationToken);
            return [];
        });
        await _cluster.Worker().LaunchAsync(new(_application, 1, [_cluster.Launch(_application, waits, partition: 1)]), CancellationToken.None);
        await signals.Started;
        var filesBefore = FilesOfApplication();

        await _cluster.Worker().EndApplicationAsync(_application, CancellationToken.None);
        await _cluster.Worker().EndApplicationAsync(_application, CancellationToken.None);

        Assert.NotEmpty(filesBefore);
        Assert.Empty(FilesOfApplication());
        var launch = _cluster.Launch(_application, large, partition: 2);
        Assert.Equal([launch.Attempt], await _cluster.Worker().LaunchAsync(new(_application, 1, [launch]), CancellationToken.None));
        Assert.Empty((await _cluster.PollAsync(_application, TimeSpan.FromSeconds(20))).Reports);
    }

    [Fact]
    public async Task LostActivation_OfTheWorkerGrain_ChangesNothing()
    {
        var program = await _cluster.PublishAsync(_application, (_, _) => []);
        await _cluster.RunAsync(_application, program);
        var before = await _cluster.PollAsync(_application, TimeSpan.Zero);
        var launch = _cluster.Launch(_application, program, partition: 1);
        await _cluster.Worker().LaunchAsync(new(_application, 1, [launch]), CancellationToken.None);

        await GrainsCluster.LoseActivationAsync(_cluster.Worker());

        var after = await _cluster.PollAsync(_application, GrainsCluster.Limit);
        Assert.Equal(before.Generation, after.Generation);
        Assert.Equal(launch.Attempt, Assert.Single(after.Reports).Attempt);
        Assert.Empty(await _cluster.Worker().LaunchAsync(new(_application, 1, [launch]), CancellationToken.None));
        Assert.Empty((await _cluster.PollAsync(_application, TimeSpan.Zero)).Reports);
    }

    [Fact]
    public async Task GetStatus_Idle_NamesTheWorker()
    {
        var status = await _cluster.Worker().GetStatusAsync(CancellationToken.None);

        Assert.Equal(GrainsCluster.IdOf(_cluster.Cluster.Silos[0]), status.Info.Id);
        Assert.Equal((2, 2), (status.Info.SlotCount, status.Executor.SlotCount));
    }

    [Fact]
    public async Task Call_WorkerOfAnotherLife_IsUnavailable()
    {
        var id = new WorkerId("127.0.0.1:1@1");

        var failure = await Assert.ThrowsAsync<WorkerUnavailableException>(
            () => _cluster.Cluster.Client.GetGrain<IWorkerGrain>(id.Value).GetStatusAsync(CancellationToken.None));

        Assert.Equal(id, failure.Worker);
    }

    private async Task<(ShuffleId Shuffle, StageProgramId Program)> PublishReaderAsync()
    {
        var shuffle = new ShuffleId(_application, 3);
        var program = await _cluster.PublishAsync(_application, (_, context) =>
        {
            using var reader = context.Shuffle.ReadBucket<int, int>(shuffle, 0, context);
            return [(byte)reader.Next().Length];
        });
        return (shuffle, program);
    }

    private string[] FilesOfApplication() =>
        [.. Directory.EnumerateFileSystemEntries(_cluster.Root, "*", SearchOption.AllDirectories).Where(path => path.Contains(_application.Value, StringComparison.Ordinal))];
}
