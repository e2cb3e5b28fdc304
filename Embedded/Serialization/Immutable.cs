namespace Orleans.Concurrency;

/// <summary>Wraps a value that nobody changes any more, so that it is passed within a silo without a copy.</summary>
[GenerateSerializer, Immutable, Alias("orleans.Immutable`1")]
public readonly struct Immutable<T>(T value)
{
    /// <summary>The value.</summary>
    [Id(0)]
#pragma warning disable CA1051 // The official struct has a field, and code may take its address.
    public readonly T Value = value;
#pragma warning restore CA1051
}

/// <summary>Wraps values.</summary>
public static class ImmutableExtensions
{
    /// <summary>Wraps a value that nobody changes any more.</summary>
    public static Immutable<T> AsImmutable<T>(this T value) => new(value);
}
