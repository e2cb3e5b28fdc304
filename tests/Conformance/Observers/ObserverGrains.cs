using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Utilities;

namespace Dpark.Conformance.Observers;

[Alias("conformance.IAskedObserver")]
public interface IAskedObserver : IGrainObserver
{
    [ResponseTimeout("00:00:01"), Alias("Ask")]
    Task<int> AskAsync(int value);

    [ResponseTimeout("00:00:01"), Alias("Fail")]
    Task FailAsync();

    [Alias("Tell")]
    void Tell(string text);

    [OneWay, Alias("TellByTask")]
    Task TellAsync(string text);

    /// <summary>Holds the observer until it is released.</summary>
    [Alias("Hold")]
    Task<int> HoldAsync();

    [AlwaysInterleave, Alias("Release")]
    Task ReleaseAsync();
}

[Alias("conformance.IAskingGrain")]
public interface IAskingGrain : IGrainWithStringKey
{
    [Alias("Ask")]
    Task<int> AskAsync(IAskedObserver observer, int value);

    [Alias("AskToFail")]
    Task AskToFailAsync(IAskedObserver observer);

    [Alias("Tell")]
    Task TellAsync(IAskedObserver observer, string text);

    /// <summary>Two calls of <see cref="IAskedObserver.HoldAsync"/> and one that releases the first. Returns what the calls returned.</summary>
    [Alias("HoldTwice")]
    Task<List<int>> HoldTwiceAsync(IAskedObserver observer);

    /// <summary>Whether this grain is refused an object reference, and what asking itself as an observer gives.</summary>
    [Alias("ObserveSelf")]
    Task<string> ObserveSelfAsync();

    [Alias("AskSelf")]
    Task<int> AskSelfAsync(int value);

    [Alias("Subscribe")]
    Task SubscribeAsync(IAskedObserver observer);

    /// <summary>Asks all subscribers. Returns how many are left.</summary>
    [Alias("NotifyAll")]
    Task<int> NotifyAllAsync(int value);

    /// <summary>Asks the subscriber that came last. Returns its answer, or type and message of the exception.</summary>
    [Alias("AskSubscriber")]
    Task<string> AskSubscriberAsync(int value);
}

/// <summary>A grain that asks observers, and can be one.</summary>
[GrainType("conformance.asking"), Reentrant, RandomPlacement]
public sealed class AskingGrain : Grain, IAskingGrain, IAskedObserver
{
    private readonly ObserverManager<IAskedObserver> _subscribers = new(TimeSpan.FromMinutes(5), NullLogger.Instance);

    public async Task<string> AskSubscriberAsync(int value)
    {
        try
        {
            return $"{await _subscribers.Last().AskAsync(value)}";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    public Task<int> AskAsync(IAskedObserver observer, int value) => observer.AskAsync(value);

    public Task AskToFailAsync(IAskedObserver observer) => observer.FailAsync();

    public async Task TellAsync(IAskedObserver observer, string text)
    {
        observer.Tell(text);
        await observer.TellAsync(text + " by task");
    }

    public async Task<List<int>> HoldTwiceAsync(IAskedObserver observer)
    {
        var first = observer.HoldAsync();
        var second = observer.HoldAsync();
        await observer.ReleaseAsync();
        return [await first, await second];
    }

    public Task<string> ObserveSelfAsync()
    {
        try
        {
            GrainFactory.CreateObjectReference<IAskedObserver>(new InertObserver());
            return Task.FromResult("allowed");
        }
        catch (Exception exception)
        {
            return Task.FromResult(exception.GetType().Name);
        }
    }

    public Task<int> AskSelfAsync(int value) => this.AsReference<IAskedObserver>().AskAsync(value);

    public Task SubscribeAsync(IAskedObserver observer)
    {
        _subscribers.Subscribe(observer, observer);
        return Task.CompletedTask;
    }

    public async Task<int> NotifyAllAsync(int value)
    {
        await _subscribers.Notify(observer => observer.AskAsync(value));
        return _subscribers.Count;
    }

    Task<int> IAskedObserver.AskAsync(int value) => Task.FromResult(1_000 + value);

    Task IAskedObserver.FailAsync() => Task.CompletedTask;

    void IAskedObserver.Tell(string text)
    {
    }

    Task IAskedObserver.TellAsync(string text) => Task.CompletedTask;

    Task<int> IAskedObserver.HoldAsync() => Task.FromResult(0);

    Task IAskedObserver.ReleaseAsync() => Task.CompletedTask;

    private sealed class InertObserver : IAskedObserver
    {
        public Task<int> AskAsync(int value) => Task.FromResult(0);

        public Task FailAsync() => Task.CompletedTask;

        public void Tell(string text)
        {
        }

        public Task TellAsync(string text) => Task.CompletedTask;

        public Task<int> HoldAsync() => Task.FromResult(0);

        public Task ReleaseAsync() => Task.CompletedTask;
    }
}
