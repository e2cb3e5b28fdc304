using Dpark.Conformance.Signals;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Runtime.Services;
using Orleans.Services;

namespace Dpark.Conformance.GrainServices;

/// <summary>A service that every silo has.</summary>
[Alias("conformance.IEchoService")]
public interface IEchoService : IGrainService
{
    [Alias("Where")]
    Task<string> WhereAsync();

    [Alias("Id")]
    Task<string> IdAsync();

    /// <summary>Passes a gate.</summary>
    [Alias("Enter")]
    Task EnterAsync(string gate);

    [Alias("Fail")]
    Task FailAsync(string message);

    /// <summary>What was called at the start, and the status.</summary>
    [Alias("Life")]
    Task<string> LifeAsync();

    [Alias("Owns")]
    Task<bool> OwnsAsync(uint key);

    /// <summary>Completes when the range has grown.</summary>
    [Alias("Growth")]
    Task GrowthAsync();

    [Alias("Echo")]
    Task<List<int>> EchoAsync(List<int> list);
}

public sealed class EchoService(GrainId id, Silo silo, ILoggerFactory loggers, IGrainFactory grains) : GrainService(id, silo, loggers), IEchoService
{
    private readonly List<string> _life = [];
    private readonly TaskCompletionSource _grown = new();

    public override async Task Init(IServiceProvider serviceProvider)
    {
        _life.Add("init");
        await base.Init(serviceProvider);
    }

    public override async Task Start()
    {
        _life.Add("start");
        await base.Start();
    }

    public override async Task OnRangeChange(IRingRange oldRange, IRingRange newRange, bool increased)
    {
        await base.OnRangeChange(oldRange, newRange, increased);
        if (increased)
        {
            _grown.TrySetResult();
        }
    }

    public Task<string> WhereAsync() => Task.FromResult(Silo.ToParsableString());

    public Task<string> IdAsync() => Task.FromResult(this.GetGrainId().ToString());

    public Task EnterAsync(string gate) => grains.GetGrain<IGateGrain>(gate).PassAsync();

    public Task FailAsync(string message) => throw new InvalidOperationException(message);

    public Task<string> LifeAsync() => Task.FromResult($"{string.Join(' ', _life)} {Status}");

    public Task<bool> OwnsAsync(uint key) => Task.FromResult(RingRange.InRange(key));

    public Task GrowthAsync() => _grown.Task;

    public Task<List<int>> EchoAsync(List<int> list) => Task.FromResult(list);

    protected override async Task StartInBackground()
    {
        await base.StartInBackground();
        _life.Add("background");
        Status = GrainServiceStatus.Started;
    }
}

/// <summary>Finds the service of a silo.</summary>
public interface IEchoServiceClient : IGrainServiceClient<IEchoService>
{
    IEchoService On(SiloAddress silo);

    IEchoService For(uint key);

    IEchoService ForCaller();
}

public sealed class EchoServiceClient(IServiceProvider services) : GrainServiceClient<IEchoService>(services), IEchoServiceClient
{
    public IEchoService On(SiloAddress silo) => GetGrainService(silo);

    public IEchoService For(uint key) => GetGrainService(key);

    public IEchoService ForCaller() => GetGrainService(CurrentGrainReference.GrainId);
}
