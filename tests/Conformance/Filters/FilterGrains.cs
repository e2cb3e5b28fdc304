using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Filters;

[Alias("conformance.IFilteredGrain")]
public interface IFilteredGrain : IGrainWithStringKey
{
    /// <summary>The marks that filters left in the request context on the way to this method.</summary>
    [Alias("Marks")]
    Task<string> MarksAsync();

    [Alias("Double")]
    Task<int> DoubleAsync(int value);

    [Alias("Fail")]
    Task<int> FailAsync();

    [Alias("Skip")]
    Task<int> SkipAsync();

    [Alias("Answer")]
    Task<int> AnswerAsync();

    /// <summary>Has no result.</summary>
    [Alias("Nothing")]
    Task NothingAsync();

    [Alias("SkipWithoutResult")]
    Task<int> SkipWithoutResultAsync();

    /// <summary>What another grain sees, called from this one.</summary>
    [Alias("Relay")]
    Task<string> RelayAsync(string other);
}

/// <summary>A grain that filters its own calls.</summary>
[GrainType("conformance.filtered"), RandomPlacement]
public sealed class FilteredGrain : Grain, IFilteredGrain, IIncomingGrainCallFilter
{
    public Task Invoke(IIncomingGrainCallContext context)
    {
        FilterMarks.Add("grain");
        return context.Invoke();
    }

    public Task<string> MarksAsync() => Task.FromResult(FilterMarks.Text);

    public Task<int> DoubleAsync(int value) => Task.FromResult(2 * value);

    public Task<int> FailAsync() => throw new InvalidOperationException("the callee failed");

    public Task<int> SkipAsync() => throw new InvalidOperationException("never called");

    public Task<int> AnswerAsync() => throw new InvalidOperationException("never called");

    public Task NothingAsync() => Task.CompletedTask;

    public Task<int> SkipWithoutResultAsync() => throw new InvalidOperationException("never called");

    public Task<string> RelayAsync(string other) => GrainFactory.GetGrain<IFilteredGrain>(other).MarksAsync();
}

internal static class FilterMarks
{
    private const string Key = "marks";

    public static string Text => RequestContext.Get(Key) as string ?? "";

    public static void Add(string mark) => RequestContext.Set(Key, Text.Length == 0 ? mark : $"{Text} {mark}");
}
