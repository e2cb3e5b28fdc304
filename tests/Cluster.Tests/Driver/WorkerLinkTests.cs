using System.Threading.Channels;
using Dpark.Configuration;
using Dpark.Scheduling;
using Dpark.Tasks;
using Dpark.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpark.Driver;

public sealed class WorkerLinkTests
{
    [Fact]
    public async Task CheckSilence_PollIsNotAnswered_TellsTheSchedulerOnceAndWhenItIsOver()
    {
        var cluster = new FakeCluster();
        var worker = cluster.AddWorker("w1");
        var clock = new ManualTimeProvider();
        var told = Channel.CreateUnbounded<SchedulerEvent>();
        var gate = new ActivityGate();
        gate.Enter();
        var link = new WorkerLink(
            worker.Info,
            cluster.Client,
            new GatewayWatch(),
            new DriverSettings(new("app-1"), new DparkClientOptions(), IsLocal: false),
            events => Array.ForEach(events, change => told.Writer.TryWrite(change)),
            gate,
            clock,
            NullLogger<WorkerLink>.Instance);
        using var stop = new CancellationTokenSource();
        var polled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var answer = new ManualResetEventSlim();
        worker.Answer(_ =>
        {
            polled.SetResult();
            answer.Wait(stop.Token);
            return new OutboxBatch(Guid.NewGuid(), 1, []);
        });
        link.Start(stop.Token);
        await Wait.For(polled.Task, "the poll");

        clock.Advance(TimeSpan.FromSeconds(9));
        link.CheckSilence();
        Assert.False(told.Reader.TryPeek(out _));
        clock.Advance(TimeSpan.FromSeconds(2));
        link.CheckSilence();
        link.CheckSilence();
        var silent = Assert.IsType<WorkerSilent>(await Wait.For(told.Reader, "the silence"));
        Assert.Equal("The driver has had no answer from it for 10 s.", silent.Reason);
        answer.Set();

        Assert.IsType<WorkerHeard>(await Wait.For(told.Reader, "the answer"));
        await stop.CancelAsync();
        await Wait.For(link.StopAsync(), "the link");
    }
}
