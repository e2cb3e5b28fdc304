using System.Collections.Concurrent;
using System.Reflection;
using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Shuffle;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Driver;

/// <summary>A cluster of grains that do what a test says, so that a driver can be tested call by call. Thread-safe.</summary>
internal sealed class FakeCluster
{
    private readonly ConcurrentDictionary<(Type Interface, string Key), object> _grains = [];
    private readonly ServiceProvider _services;

    public FakeCluster(Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        configure?.Invoke(services);
        _services = services.BuildServiceProvider();
        Client = Stub.Of<IClusterClient>((method, arguments) => method.Name switch
        {
            "get_ServiceProvider" => _services,
            nameof(IGrainFactory.GetGrain) => Find(method.GetGenericArguments()[0], (string)arguments[0]!),
            _ => throw new NotSupportedException(method.Name),
        });
    }

    public IClusterClient Client { get; }

    public FakeMaster Master { get; } = new();

    public FakeApplication Application { get; } = new();

    public FakeRegistry Registry { get; } = new();

    /// <summary>What was published, by key of its grain.</summary>
    public ConcurrentDictionary<string, BroadcastContent> Published { get; } = [];

    /// <summary>Loses the next calls of <see cref="IBroadcastGrain.PublishAsync"/>.</summary>
    public int PublishFaults
    {
        set => Volatile.Write(ref _publishFaults, value);
    }

    /// <summary>Calls of <see cref="IBroadcastGrain.PublishAsync"/>.</summary>
    public int PublishCount => _publishCount;

    private int _publishCount;
    private int _publishFaults;

    public FakeWorker AddWorker(string id, int slotCount = 2)
    {
        var worker = new FakeWorker(new WorkerInfo(new WorkerId(id), "host", "127.0.0.1:1", slotCount, 0));
        _grains[(typeof(IWorkerGrain), id)] = worker;
        Master.Add(worker.Info);
        return worker;
    }

    private object Find(Type type, string key) => _grains.GetOrAdd((type, key), _ => type.Name switch
    {
        nameof(IMasterGrain) => Master,
        nameof(IApplicationGrain) => Application,
        nameof(IMapOutputRegistryGrain) => Registry,
        nameof(IBroadcastGrain) => Stub.Of<IBroadcastGrain>((method, arguments) => OnBroadcast(key, method, arguments)),
        nameof(IShuffleGrain) => Stub.Of<IShuffleGrain>((_, _) => Task.CompletedTask),
        _ => throw new InvalidOperationException($"No {type.Name} with key {key} was added."),
    });

    private Task OnBroadcast(string key, MethodInfo method, object?[] arguments)
    {
        if (method.Name == nameof(IBroadcastGrain.PublishAsync))
        {
            Interlocked.Increment(ref _publishCount);
            if (Interlocked.Decrement(ref _publishFaults) >= 0)
            {
                return Task.FromException(new TimeoutException("The call was lost."));
            }

            Published[key] = (BroadcastContent)arguments[0]!;
        }
        else if (method.Name == nameof(IBroadcastGrain.RemoveAsync))
        {
            Published.TryRemove(key, out _);
        }

        return Task.CompletedTask;
    }
}
