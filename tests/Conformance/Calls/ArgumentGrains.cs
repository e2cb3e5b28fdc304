using Orleans.Concurrency;
using Orleans.Placement;

namespace Dpark.Conformance.Calls;

/// <summary>A message that promises not to be changed, and is changed by these tests to see who shares it.</summary>
[GenerateSerializer, Immutable, Alias("conformance.SharedNumbers")]
public sealed class SharedNumbers(List<int> values)
{
    [Id(0)]
    public List<int> Values { get; } = values;
}

/// <summary>What the caller sees of its argument after the callee changed it, and the callee of its result after the caller changed it.</summary>
[GenerateSerializer, Alias("conformance.CopyReport")]
public readonly record struct CopyReport([property: Id(0)] int ArgumentCount, [property: Id(1)] int KeptCount);

[Alias("conformance.IArgumentGrain")]
public interface IArgumentGrain : IGrainWithStringKey
{
    /// <summary>Adds a number to the argument, keeps it, and returns what it kept.</summary>
    [Alias("Add")]
    Task<List<int>> AddAsync(List<int> numbers);

    [Alias("AddShared")]
    Task<SharedNumbers> AddSharedAsync(SharedNumbers numbers);

    [Alias("AddImmutable")]
    Task<Immutable<List<int>>> AddImmutableAsync(Immutable<List<int>> numbers);

    [Alias("AddMarked")]
    Task AddMarkedAsync([Immutable] List<int> numbers);

    [Alias("KeptCount")]
    Task<int> KeptCountAsync();

    /// <summary>Returns its arguments, of any type.</summary>
    [Alias("Echo")]
    Task<object?> EchoAsync(object? value);

    /// <summary>Returns a value that cannot be copied.</summary>
    [Alias("Uncopyable")]
    Task<object> UncopyableAsync();
}

[GrainType("conformance.argument"), RandomPlacement]
public sealed class ArgumentGrain : Grain, IArgumentGrain
{
    private List<int> _kept = [];

    public Task<List<int>> AddAsync(List<int> numbers)
    {
        Keep(numbers);
        return Task.FromResult(_kept);
    }

    public Task<SharedNumbers> AddSharedAsync(SharedNumbers numbers)
    {
        Keep(numbers.Values);
        return Task.FromResult(numbers);
    }

    public Task<Immutable<List<int>>> AddImmutableAsync(Immutable<List<int>> numbers)
    {
        Keep(numbers.Value);
        return Task.FromResult(numbers);
    }

    public Task AddMarkedAsync(List<int> numbers)
    {
        Keep(numbers);
        return Task.CompletedTask;
    }

    public Task<int> KeptCountAsync() => Task.FromResult(_kept.Count);

    public Task<object?> EchoAsync(object? value) => Task.FromResult(value);

    public Task<object> UncopyableAsync() => Task.FromResult<object>(new LinkedList<int>([1]));

    private void Keep(List<int> numbers)
    {
        numbers.Add(0);
        _kept = numbers;
    }
}

/// <summary>Calls <see cref="IArgumentGrain"/> from wherever the test has placed it.</summary>
[Alias("conformance.IArgumentCallerGrain")]
public interface IArgumentCallerGrain : IGrainWithStringKey
{
    [Alias("Plain")]
    Task<CopyReport> PlainAsync(string callee);

    [Alias("Shared")]
    Task<CopyReport> SharedAsync(string callee);

    [Alias("ImmutableValue")]
    Task<CopyReport> ImmutableValueAsync(string callee);

    [Alias("Marked")]
    Task<int> MarkedAsync(string callee);

    /// <summary>The type and message of the exception that sending an uncopyable argument gives, or null.</summary>
    [Alias("SendUncopyable")]
    Task<string?> SendUncopyableAsync(string callee);

    [Alias("ReceiveUncopyable")]
    Task<string?> ReceiveUncopyableAsync(string callee);
}

[GrainType("conformance.argument-caller"), RandomPlacement]
public sealed class ArgumentCallerGrain : Grain, IArgumentCallerGrain
{
    public async Task<CopyReport> PlainAsync(string callee)
    {
        List<int> argument = [1, 2];
        var result = await Callee(callee).AddAsync(argument);
        result.AddRange([4, 5]);
        return await ReportAsync(callee, argument);
    }

    public async Task<CopyReport> SharedAsync(string callee)
    {
        var argument = new SharedNumbers([1, 2]);
        var result = await Callee(callee).AddSharedAsync(argument);
        result.Values.AddRange([4, 5]);
        return await ReportAsync(callee, argument.Values);
    }

    public async Task<CopyReport> ImmutableValueAsync(string callee)
    {
        List<int> argument = [1, 2];
        var result = await Callee(callee).AddImmutableAsync(argument.AsImmutable());
        result.Value.AddRange([4, 5]);
        return await ReportAsync(callee, argument);
    }

    public async Task<int> MarkedAsync(string callee)
    {
        List<int> argument = [1, 2];
        await Callee(callee).AddMarkedAsync(argument);
        return argument.Count;
    }

    public Task<string?> SendUncopyableAsync(string callee) => CatchAsync(() => Callee(callee).EchoAsync(new LinkedList<int>([1])));

    public Task<string?> ReceiveUncopyableAsync(string callee) => CatchAsync(() => Callee(callee).UncopyableAsync());

    private static async Task<string?> CatchAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    private IArgumentGrain Callee(string key) => GrainFactory.GetGrain<IArgumentGrain>(key);

    private async Task<CopyReport> ReportAsync(string callee, List<int> argument) => new(argument.Count, await Callee(callee).KeptCountAsync());
}
