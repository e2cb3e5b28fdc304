using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Dpark.Conformance.Scheduling;

/// <summary>What a call saw of the other calls that were inside the grain.</summary>
/// <param name="MostInside">The most calls inside at once so far, with this one.</param>
/// <param name="EndedBefore">Calls that had ended when this one started.</param>
[GenerateSerializer, Alias("conformance.InsideReport")]
public readonly record struct InsideReport([property: Id(0)] int MostInside, [property: Id(1)] int EndedBefore);

/// <summary>Methods that pass the gate under the key of the grain, each with another rule about other calls.</summary>
[Alias("conformance.IInterleavingGrain")]
public interface IInterleavingGrain : IGrainWithStringKey
{
    [Alias("Plain")]
    Task<InsideReport> PlainAsync();

    [AlwaysInterleave, Alias("Interleaved")]
    Task<InsideReport> InterleavedAsync();

    [ReadOnly, Alias("Read")]
    Task<InsideReport> ReadAsync();

    /// <summary>As <see cref="PlainAsync"/>. The grain class may let it in by its argument.</summary>
    [Alias("Predicated")]
    Task<InsideReport> PredicatedAsync(bool mayInterleave);

    /// <summary>Enters, and leaves at once.</summary>
    [Alias("Brief")]
    Task<InsideReport> BriefAsync();

    [ReadOnly, Alias("BriefRead")]
    Task<InsideReport> BriefReadAsync();

    /// <summary>Is answered at once: what was sent before it by the same caller has arrived, too.</summary>
    [AlwaysInterleave, Alias("Ping")]
    Task PingAsync();
}

public abstract class InterleavingGrainBase : Grain, IInterleavingGrain
{
    private int _inside;
    private int _mostInside;
    private int _ended;

    public Task<InsideReport> PlainAsync() => EnterAsync();

    public Task<InsideReport> InterleavedAsync() => EnterAsync();

    public Task<InsideReport> ReadAsync() => EnterAsync();

    public Task<InsideReport> PredicatedAsync(bool mayInterleave) => EnterAsync();

    public Task<InsideReport> BriefAsync() => Task.FromResult(new InsideReport(_inside + 1, _ended++));

    public Task<InsideReport> BriefReadAsync() => Task.FromResult(new InsideReport(_inside + 1, _ended++));

    public Task PingAsync() => Task.CompletedTask;

    private async Task<InsideReport> EnterAsync()
    {
        var endedBefore = _ended;
        _mostInside = Math.Max(_mostInside, ++_inside);
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        _inside--;
        _ended++;
        return new(_mostInside, endedBefore);
    }
}

[GrainType("conformance.interleaving"), RandomPlacement]
public sealed class InterleavingGrain : InterleavingGrainBase;

/// <summary>Is activated when the gate under its key with <c>-start</c> opens.</summary>
[GrainType("conformance.slow-start"), RandomPlacement]
public sealed class SlowStartGrain : InterleavingGrainBase
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        GrainFactory.GetGrain<IGateGrain>($"{this.GetPrimaryKeyString()}-start").PassAsync();
}

[GrainType("conformance.reentrant"), Reentrant, RandomPlacement]
public sealed class ReentrantGrain : InterleavingGrainBase;

[GrainType("conformance.may-interleave"), MayInterleave(nameof(MayInterleave)), RandomPlacement]
public sealed class MayInterleaveGrain : InterleavingGrainBase
{
    public static bool MayInterleave(IInvokable request) =>
        request.GetMethodName() == nameof(PredicatedAsync) && request.GetArgument(0) is true;
}

/// <summary>Is asked by an instance method, and knows an argument that breaks it.</summary>
[GrainType("conformance.may-interleave-by-instance"), MayInterleave(nameof(MayInterleave)), RandomPlacement]
public sealed class InstanceInterleaveGrain : InterleavingGrainBase
{
    private readonly string _method = nameof(PredicatedAsync);

    public bool MayInterleave(IInvokable request) => request.GetMethodName() == nameof(BriefAsync)
        ? throw new InvalidDataException("The predicate fails.")
        : request.GetMethodName() == _method && request.GetArgument(0) is true;
}

/// <summary>Calls its peer, which calls back.</summary>
[Alias("conformance.ICycleGrain")]
public interface ICycleGrain : IGrainWithStringKey
{
    /// <summary>
    /// Calls the peer's <see cref="CallBackAsync"/>, with or without letting its call chain in. Returns the answer, or the exception's type name.
    /// </summary>
    [Alias("CallPeer")]
    Task<string> CallPeerAsync(string peer, bool allowChain);

    /// <summary>As <see cref="CallPeerAsync"/> with its call chain let in, but the call itself does not belong to the chain.</summary>
    [Alias("CallPeerSuppressed")]
    Task<string> CallPeerSuppressedAsync(string peer);

    /// <summary>Calls <see cref="AnswerAsync"/> of the caller.</summary>
    [ResponseTimeout("00:00:04"), Alias("CallBack")]
    Task<string> CallBackAsync(string caller);

    [ResponseTimeout("00:00:01"), Alias("Answer")]
    Task<string> AnswerAsync();
}

[GrainType("conformance.cycle"), RandomPlacement]
public sealed class CycleGrain : Grain, ICycleGrain
{
    private bool _calling;

    public async Task<string> CallPeerAsync(string peer, bool allowChain)
    {
        _calling = true;
        try
        {
            if (!allowChain)
            {
                return await Peer(peer).CallBackAsync(this.GetPrimaryKeyString());
            }

            using var section = RequestContext.AllowCallChainReentrancy();
            return await Peer(peer).CallBackAsync(this.GetPrimaryKeyString());
        }
        catch (TimeoutException)
        {
            return nameof(TimeoutException);
        }
        finally
        {
            _calling = false;
        }
    }

    public async Task<string> CallPeerSuppressedAsync(string peer)
    {
        using var allowed = RequestContext.AllowCallChainReentrancy();
        using var suppressed = RequestContext.SuppressCallChainReentrancy();
        try
        {
            return await Peer(peer).CallBackAsync(this.GetPrimaryKeyString());
        }
        catch (TimeoutException)
        {
            return nameof(TimeoutException);
        }
    }

    public Task<string> CallBackAsync(string caller) => Peer(caller).AnswerAsync();

    public Task<string> AnswerAsync() => Task.FromResult(_calling ? "answered inside the call" : "answered after the call");

    private ICycleGrain Peer(string key) => GrainFactory.GetGrain<ICycleGrain>(key);
}
