using Orleans.Placement;

namespace Dpark.Conformance.Calls;

[Alias("conformance.INamedThing")]
public interface INamedThing : IGrainWithStringKey
{
    [Alias("Name")]
    Task<string> NameAsync();
}

[Alias("conformance.ICountedThing")]
public interface ICountedThing : IGrainWithStringKey
{
    [Alias("Count")]
    ValueTask<int> CountAsync();
}

/// <summary>Every kind of signature that a grain method may have.</summary>
[Alias("conformance.ISignatureGrain")]
public interface ISignatureGrain : INamedThing, ICountedThing
{
    [Alias("AddOne")]
    Task<int> AddAsync(int value);

    [Alias("AddText")]
    Task<int> AddAsync(string value);

    [Alias("AddTwo")]
    Task<int> AddAsync(int first, int second);

    [Alias("Nothing")]
    ValueTask NothingAsync();

    [Alias("Defaults")]
    Task<string> DefaultsAsync(int number = 7, string? text = null, int? optional = null);

    [Alias("Many")]
    Task<string> ManyAsync(int a, long b, string? c, double d, Guid e, int[] f, List<string>? g, DayOfWeek h, (int, string) i);
}

[GrainType("conformance.signature"), RandomPlacement]
public sealed class SignatureGrain : Grain, ISignatureGrain
{
    private int _count;

    public Task<string> NameAsync() => Task.FromResult(this.GetPrimaryKeyString());

    public ValueTask<int> CountAsync() => ValueTask.FromResult(_count);

    public Task<int> AddAsync(int value) => Task.FromResult(_count += value);

    public Task<int> AddAsync(string value) => Task.FromResult(_count += value.Length);

    public Task<int> AddAsync(int first, int second) => Task.FromResult(_count += first * second);

    public async ValueTask NothingAsync()
    {
        await Task.Yield();
        _count = 0;
    }

    public Task<string> DefaultsAsync(int number, string? text, int? optional) => Task.FromResult($"{number} {text ?? "none"} {optional ?? -1}");

    public Task<string> ManyAsync(int a, long b, string? c, double d, Guid e, int[] f, List<string>? g, DayOfWeek h, (int, string) i) =>
        Task.FromResult($"{a} {b} {c} {d} {e} [{string.Join(' ', f)}] {g is null} {h} {i}");
}
