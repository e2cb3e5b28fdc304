using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Dpark.Conformance.Clusters;
using Dpark.Conformance.Serialization;
using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Conformance.Observers;

[Collection(SharedClusterCollection.Name)]
public sealed class ObserverTests(SharedCluster cluster)
{
    private IAskingGrain Grain => cluster.Client.GetGrain<IAskingGrain>(TestKeys.New());

    [Fact]
    public async Task Ask_ObserverOfClient_Answers()
    {
        var observer = new RecordingObserver();
        var reference = cluster.Client.CreateObjectReference<IAskedObserver>(observer);

        Assert.Equal(42, await Grain.AskAsync(reference, 21).Within("the answer of the observer"));
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Fail_ObserverOfClient_GrainGetsTheException()
    {
        var observer = new RecordingObserver();
        var reference = cluster.Client.CreateObjectReference<IAskedObserver>(observer);

        var exception = await Grain.AskToFailAsync(reference).FailureWithin("the failure of the observer");

        Assert.Equal(5, Assert.IsType<OrderFailedException>(exception).Number);
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Tell_VoidAndOneWay_Arrive()
    {
        var observer = new RecordingObserver();
        var reference = cluster.Client.CreateObjectReference<IAskedObserver>(observer);

        await Grain.TellAsync(reference, "hello").Within("the one-way calls");
        string[] told = [await observer.NextAsync(), await observer.NextAsync()];

        Assert.Equal(["hello", "hello by task"], told.Order());
    }

    [Fact]
    public async Task Calls_ToOneObserver_RunOneByOneExceptInterleavingOnes()
    {
        var observer = new RecordingObserver();
        var reference = cluster.Client.CreateObjectReference<IAskedObserver>(observer);

        var inside = await Grain.HoldTwiceAsync(reference).Within("two calls, of which an interleaving one releases the first");

        Assert.Equal([1, 1], inside);
        GC.KeepAlive(observer);
    }

    [InProcessFact]
    public async Task Ask_ObserverInSilo_Answers()
    {
        var observer = new RecordingObserver();
        var silo = cluster.Cluster.GetSiloServiceProvider(cluster.Silos[1]).GetRequiredService<IGrainFactory>();
        var reference = silo.CreateObjectReference<IAskedObserver>(observer);

        Assert.Equal(8, await Grain.AskAsync(reference, 4).Within("the answer of the observer"));
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Ask_AfterDelete_TimesOut()
    {
        var observer = new RecordingObserver();
        var reference = cluster.Client.CreateObjectReference<IAskedObserver>(observer);
        await Grain.AskAsync(reference, 1).Within("the answer of the observer");

        cluster.Client.DeleteObjectReference<IAskedObserver>(reference);
        var exception = await Grain.AskAsync(reference, 1).FailureWithin("the call to a deleted observer");

        Assert.IsType<TimeoutException>(exception);
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task Ask_AfterCollection_TimesOut()
    {
        var (reference, observer) = CreateForgotten();
        for (var i = 0; i < 10 && observer.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(observer.IsAlive, "The registration keeps the observer alive.");
        Assert.IsType<TimeoutException>(await Grain.AskAsync(reference, 1).FailureWithin("the call to a collected observer"));
    }

    [Fact]
    public async Task CreateObjectReference_OfWrongObjects_Throws()
    {
        var grain = cluster.Client.GetGrain<IAskingGrain>(TestKeys.New());

        Assert.Throws<ArgumentException>(() => cluster.Client.CreateObjectReference<IAskedObserver>(grain.AsReference<IAskedObserver>()));
        Assert.Equal(nameof(InvalidOperationException), await grain.ObserveSelfAsync().Within("the refusal in a grain"));
    }

    [Fact]
    public async Task AsReference_OfGrainThatObserves_CanBeAsked() =>
        Assert.Equal(1_007, await Grain.AskSelfAsync(7).Within("the answer of the grain"));

    [Fact]
    public async Task ObserverManager_FailedObserver_IsRemoved()
    {
        var grain = Grain;
        var observers = Enumerable.Range(0, 3).Select(_ => new RecordingObserver()).ToArray();
        observers[1].Fails = true;
        foreach (var observer in observers)
        {
            await grain.SubscribeAsync(cluster.Client.CreateObjectReference<IAskedObserver>(observer)).Within("the subscription");
        }

        Assert.Equal(2, await grain.NotifyAllAsync(3).Within("the first notification"));
        Assert.Equal(2, await grain.NotifyAllAsync(4).Within("the second notification"));
        Assert.Equal([[3, 4], [3], [3, 4]], observers.Select(observer => observer.Asked.ToArray()));
    }

    // Not inlined, so that no frame of the caller holds the observer.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (IAskedObserver Reference, WeakReference Observer) CreateForgotten()
    {
        var observer = new RecordingObserver();
        return (cluster.Client.CreateObjectReference<IAskedObserver>(observer), new WeakReference(observer));
    }

    private sealed class RecordingObserver : IAskedObserver
    {
        private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
        private readonly TaskCompletionSource _released = new();
        private int _inside;

        public bool Fails { get; set; }

        public ConcurrentQueue<int> Asked { get; } = [];

        public Task<string> NextAsync() => _told.Reader.ReadAsync().AsTask().Within("the next text");

        public Task<int> AskAsync(int value)
        {
            Asked.Enqueue(value);
            return Fails ? throw new OrderFailedException("refused", 6) : Task.FromResult(2 * value);
        }

        public Task FailAsync() => throw new OrderFailedException("the observer failed", 5);

        public void Tell(string text) => _told.Writer.TryWrite(text);

        public Task TellAsync(string text)
        {
            _told.Writer.TryWrite(text);
            return Task.CompletedTask;
        }

        public async Task<int> HoldAsync()
        {
            var inside = Interlocked.Increment(ref _inside);
            await _released.Task;
            Interlocked.Decrement(ref _inside);
            return inside;
        }

        public Task ReleaseAsync()
        {
            _released.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
