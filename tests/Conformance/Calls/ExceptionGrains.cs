using System.Runtime.CompilerServices;
using Dpark.Conformance.Serialization;
using Orleans.Placement;

namespace Dpark.Conformance.Calls;

/// <summary>What to throw.</summary>
public enum FailureKind
{
    Generated,
    Unmarked,
    System,
    Aggregate,
    TaskCanceled,
    WithInner,
}

[Alias("conformance.IFailingGrain")]
public interface IFailingGrain : IGrainWithStringKey
{
    [Alias("Fail")]
    Task FailAsync(FailureKind kind);

    /// <summary>Throws before it returns a task.</summary>
    [Alias("FailWithResult")]
    ValueTask<int> FailWithResultAsync(FailureKind kind);

    [Alias("Ping")]
    Task<int> PingAsync();
}

[GrainType("conformance.failing"), RandomPlacement]
public sealed class FailingGrain : Grain, IFailingGrain
{
    private int _calls;

    public async Task FailAsync(FailureKind kind)
    {
        _calls++;
        await Task.Yield();
        ThrowFailure(kind);
    }

    public ValueTask<int> FailWithResultAsync(FailureKind kind)
    {
        _calls++;
        ThrowFailure(kind);
        return ValueTask.FromResult(_calls);
    }

    public Task<int> PingAsync() => Task.FromResult(_calls);

    // The name is what the tests look for in stack traces.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowFailure(FailureKind kind) => throw kind switch
    {
        FailureKind.Generated => new OrderFailedException("no stock", 7),
        FailureKind.Unmarked => new UnmarkedException("unknown"),
        FailureKind.System => new KeyNotFoundException("no key"),
        FailureKind.Aggregate => new AggregateException("several", new TimeoutException("late"), new OrderFailedException("other", 8)),
        FailureKind.TaskCanceled => new TaskCanceledException("stopped"),
        _ => new OrderFailedException("outer", 9, new InvalidOperationException("inner")),
    };
}

/// <summary>An exception as a grain saw it.</summary>
[GenerateSerializer, Alias("conformance.CaughtException")]
public sealed record CaughtException(
    [property: Id(0)] string TypeName,
    [property: Id(1)] string Message,
    [property: Id(2)] string StackTrace,
    [property: Id(3)] string? InnerTypeName);

/// <summary>Calls <see cref="IFailingGrain"/> from wherever the test has placed it.</summary>
[Alias("conformance.ICatchingGrain")]
public interface ICatchingGrain : IGrainWithStringKey
{
    [Alias("Catch")]
    Task<CaughtException?> CatchAsync(string failing, FailureKind? kind);
}

[GrainType("conformance.catching"), RandomPlacement]
public sealed class CatchingGrain : Grain, ICatchingGrain
{
    public async Task<CaughtException?> CatchAsync(string failing, FailureKind? kind)
    {
        try
        {
            var grain = GrainFactory.GetGrain<IFailingGrain>(failing);
            await (kind is { } known ? grain.FailAsync(known) : grain.PingAsync());
            return null;
        }
        catch (Exception exception)
        {
            return new(exception.GetType().Name, exception.Message, exception.StackTrace ?? "", exception.InnerException?.GetType().Name);
        }
    }
}
