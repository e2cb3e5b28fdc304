using System.Numerics;
using Dpark.Conformance.Serialization;
using Orleans.Placement;

namespace Dpark.Conformance.Generics;

/// <summary>A generic interface with a generic class behind it.</summary>
public interface IBoxGrain<T> : IGrainWithStringKey
{
    Task PutAsync(T value);

    Task<T?> TakeAsync();

    /// <summary>The names of the type arguments that the activation has.</summary>
    Task<string> ArgumentsAsync();

    /// <summary>Puts the value into another box of the same kind, through a reference.</summary>
    Task MoveToAsync(IBoxGrain<T> other);
}

[GrainType("conformance.box`1"), RandomPlacement]
public sealed class BoxGrain<T> : Grain, IBoxGrain<T>
{
    private T? _value;

    public Task PutAsync(T value)
    {
        _value = value;
        return Task.CompletedTask;
    }

    public Task<T?> TakeAsync() => Task.FromResult(_value);

    public Task<string> ArgumentsAsync() => Task.FromResult(typeof(T).ToString());

    public Task MoveToAsync(IBoxGrain<T> other) => other.PutAsync(_value!);
}

/// <summary>Two type arguments, one with constraints; the class keeps its own name.</summary>
public interface IPairGrain<TKey, TValue> : IGrainWithIntegerKey
    where TKey : struct, INumber<TKey>
{
    Task<Dictionary<TKey, List<TValue>>> AddAsync(TKey key, TValue value);

    Task<string> IdAsync();
}

[RandomPlacement]
public sealed class PairGrain<TKey, TValue> : Grain, IPairGrain<TKey, TValue>
    where TKey : struct, INumber<TKey>
{
    private readonly Dictionary<TKey, List<TValue>> _values = [];

    public Task<Dictionary<TKey, List<TValue>>> AddAsync(TKey key, TValue value)
    {
        if (!_values.TryGetValue(key + TKey.One, out var list))
        {
            _values.Add(key + TKey.One, list = []);
        }

        list.Add(value);
        return Task.FromResult(_values);
    }

    public Task<string> IdAsync() => Task.FromResult(this.GetGrainId().ToString());
}

/// <summary>A generic interface that a class implements for one type.</summary>
public interface IParserGrain<T> : IGrainWithStringKey
{
    Task<T> ParseAsync(string text);
}

[GrainType("conformance.int-parser"), RandomPlacement]
public sealed class IntParserGrain : Grain, IParserGrain<int>
{
    public Task<int> ParseAsync(string text) => Task.FromResult(int.Parse(text, System.Globalization.CultureInfo.InvariantCulture));
}

/// <summary>Generic methods of every shape.</summary>
[Alias("conformance.IGenericMethodsGrain")]
public interface IGenericMethodsGrain : IGrainWithStringKey
{
    [Alias("Echo")]
    Task<T> EchoAsync<T>(T value);

    [Alias("NameOf")]
    ValueTask<string> NameOfAsync<T>();

    [Alias("Pair")]
    Task<(TSecond, TFirst)> SwapAsync<TFirst, TSecond>(TFirst first, TSecond second, CancellationToken cancellationToken = default);

    [Alias("Sum")]
    Task<T> SumAsync<T>(List<T> values, int times)
        where T : struct, INumber<T>;

    [Alias("Read")]
    Task<string> ReadAsync<T>(T message)
        where T : Circle, new();

    [Alias("Keep")]
    Task KeepAsync<T>([Immutable] T[] value)
        where T : class;

    [Alias("Kept")]
    Task<T[]> KeptAsync<T>()
        where T : class;

    [Alias("Echo2")]
    Task<int> EchoAsync(int value);

    [Alias("Many")]
    Task<string> ManyAsync<T>(int a, T b, long c, T? d, string e, List<T> f, int g, T h, double i);

    [Alias("Fail")]
    Task<T> FailAsync<T>(string message);
}

[GrainType("conformance.generic-methods"), RandomPlacement]
public sealed class GenericMethodsGrain : Grain, IGenericMethodsGrain
{
    private object? _kept;

    public Task<T> EchoAsync<T>(T value) => Task.FromResult(value);

    public ValueTask<string> NameOfAsync<T>() => ValueTask.FromResult(typeof(T).ToString());

    public Task<(TSecond, TFirst)> SwapAsync<TFirst, TSecond>(TFirst first, TSecond second, CancellationToken cancellationToken) =>
        Task.FromResult((second, first));

    public Task<T> SumAsync<T>(List<T> values, int times)
        where T : struct, INumber<T>
    {
        var sum = T.Zero;
        foreach (var value in values)
        {
            sum += value * T.CreateChecked(times);
        }

        return Task.FromResult(sum);
    }

    public Task<string> ReadAsync<T>(T message)
        where T : Circle, new() => Task.FromResult($"{typeof(T).Name} {message.Name}{new T().Name}");

    public Task KeepAsync<T>(T[] value)
        where T : class
    {
        _kept = value;
        return Task.CompletedTask;
    }

    public Task<T[]> KeptAsync<T>()
        where T : class => Task.FromResult((T[])_kept!);

    public Task<int> EchoAsync(int value) => Task.FromResult(value + 1);

    public Task<string> ManyAsync<T>(int a, T b, long c, T? d, string e, List<T> f, int g, T h, double i) =>
        Task.FromResult($"{a} {b} {c} {d} {e} [{string.Join(' ', f)}] {g} {h} {i}");

    public Task<T> FailAsync<T>(string message) => throw new InvalidOperationException($"{message} {typeof(T).Name}");
}

/// <summary>Calls generic grains from a silo.</summary>
[Alias("conformance.IGenericCallerGrain")]
public interface IGenericCallerGrain : IGrainWithStringKey
{
    [Alias("Box")]
    Task<string?> BoxAsync(string key, string value);

    [Alias("Echo")]
    Task<decimal> EchoAsync(string key, decimal value);
}

[GrainType("conformance.generic-caller"), RandomPlacement]
public sealed class GenericCallerGrain : Grain, IGenericCallerGrain
{
    public async Task<string?> BoxAsync(string key, string value)
    {
        var box = GrainFactory.GetGrain<IBoxGrain<string>>(key);
        await box.PutAsync(value);
        return await box.TakeAsync();
    }

    public Task<decimal> EchoAsync(string key, decimal value) => GrainFactory.GetGrain<IGenericMethodsGrain>(key).EchoAsync(value);
}
