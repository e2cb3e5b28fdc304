using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace Dpark.Conformance.Hosting;

/// <summary>What happened in a host, in order.</summary>
internal sealed class HostRecord
{
    private readonly ConcurrentQueue<string> _entries = new();

    public string[] Entries => [.. _entries];

    public void Add(string entry) => _entries.Enqueue(entry);

    public string[] Take()
    {
        var entries = Entries;
        _entries.Clear();
        return entries;
    }
}

/// <summary>Records its start and stop, and may do something at the start.</summary>
internal sealed class RecordingService(string name, HostRecord record, Func<Task<string>>? atStart = null) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        record.Add($"{name} starting");
        return Task.CompletedTask;
    }

    public async Task StartAsync(CancellationToken cancellationToken) => record.Add($"{name} start{(atStart is null ? "" : $": {await atStart()}")}");

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken)
    {
        record.Add($"{name} stop");
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Records when a silo passes stages of its lifecycle. Subscribes in an order that is not theirs.</summary>
internal sealed class StageRecorder(HostRecord record, params int[] stages) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => Record(lifecycle, record, stages);

    public static void Record(ILifecycleObservable lifecycle, HostRecord record, int[] stages)
    {
        foreach (var stage in stages)
        {
            lifecycle.Subscribe(
                nameof(StageRecorder),
                stage,
                _ =>
                {
                    record.Add($"stage {stage}");
                    return Task.CompletedTask;
                },
                _ =>
                {
                    record.Add($"stop {stage}");
                    return Task.CompletedTask;
                });
        }
    }
}

/// <summary>The same for the lifecycle of a client.</summary>
internal sealed class ClientStageRecorder(HostRecord record, params int[] stages) : ILifecycleParticipant<IClusterClientLifecycle>
{
    public void Participate(IClusterClientLifecycle lifecycle) => StageRecorder.Record(lifecycle, record, stages);
}
