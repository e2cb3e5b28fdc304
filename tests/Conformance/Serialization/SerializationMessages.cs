using System.Collections.Immutable;

namespace Dpark.Conformance.Serialization;

[GenerateSerializer, Immutable, Alias("conformance.Point")]
public readonly record struct Point([property: Id(0)] int X, [property: Id(1)] int Y);

[GenerateSerializer, Alias("conformance.Order")]
public sealed record Order(
    [property: Id(0)] long Number,
    [property: Id(1)] string Customer,
    [property: Id(2)] Point Place,
    [property: Id(3)] double? Discount,
    [property: Id(4)] string[] Lines);

[GenerateSerializer, Alias("conformance.Positional")]
public sealed record Positional(int First, string Second)
{
    [Id(0)]
    public int Body { get; init; }
}

[GenerateSerializer, Alias("conformance.PositionalStruct")]
public readonly record struct PositionalStruct(int First, string Second);

[GenerateSerializer, Alias("conformance.Shape")]
public abstract class Shape
{
    [Id(0)]
    public string Name { get; set; } = "";
}

[GenerateSerializer, Alias("conformance.Circle")]
public class Circle : Shape
{
    [Id(0)]
    public double Radius { get; set; }
}

[GenerateSerializer, Alias("conformance.Ring")]
public sealed class Ring : Circle
{
    [Id(0)]
    public double InnerRadius { get; set; }
}

[GenerateSerializer, Alias("conformance.Node")]
public sealed class Node
{
    [Id(0)]
    public string Name { get; set; } = "";

    [Id(1)]
    public Node? Next { get; set; }

    [Id(2)]
    public List<Node> Others { get; set; } = [];
}

[GenerateSerializer, Alias("conformance.Sealed")]
public sealed class Secretive
{
    [Id(0)]
    private readonly int _number;

    [Id(1)]
    private string _text;

    public Secretive(int number, string text)
    {
        _number = number;
        _text = text;
    }

    [Id(2)]
    public long Sum { get; private set; }

    [Id(3)]
    public int GetOnly { get; } = 7;

    [field: NonSerialized]
    public int Transient { get; set; } = 5;

    public int Number => _number;

    public string Text => _text;

    public Secretive WithSum(long sum)
    {
        Sum = sum;
        _text += "!";
        return this;
    }
}

[GenerateSerializer, Alias("conformance.WithDefaults")]
public sealed class WithDefaults
{
    [Id(0)]
    public int Number { get; set; } = 42;

    [Id(1)]
    public string? Text { get; set; } = "default";

    public static int Constructed { get; set; }

    public WithDefaults() => Constructed++;
}

[GenerateSerializer, Alias("conformance.Box`1")]
public sealed class Box<T>
{
    [Id(0)]
    public T? Value { get; set; }
}

[GenerateSerializer, Alias("conformance.Level")]
public enum Level : short
{
    Low = -1,
    High = 300,
}

[GenerateSerializer, Alias("conformance.Collections")]
public sealed class Collections
{
    [Id(0)]
    public List<int> List { get; set; } = [];

    [Id(1)]
    public Dictionary<string, Point> Dictionary { get; set; } = [];

    [Id(2)]
    public ImmutableArray<long> Immutable { get; set; }

    [Id(3)]
    public HashSet<string> Set { get; set; } = [];

    [Id(4)]
    public byte[] Bytes { get; set; } = [];

    [Id(5)]
    public object? Anything { get; set; }
}

[GenerateSerializer, Immutable, Alias("conformance.Frozen")]
public sealed class ImmutableMessage
{
    [Id(0)]
    public int[] Numbers { get; set; } = [];
}

[GenerateSerializer, Alias("conformance.Mixed")]
public sealed class PartlyImmutable
{
    [Id(0), Immutable]
    public int[] Shared { get; set; } = [];

    [Id(1)]
    public int[] Copied { get; set; } = [];
}

[GenerateSerializer, Alias("conformance.OrderFailedException")]
public sealed class OrderFailedException(string message, long number, Exception? inner = null) : Exception(message, inner)
{
    [Id(0)]
    public long Number { get; } = number;
}

public sealed class UnmarkedException(string message) : Exception(message);

public sealed class Unmarked
{
    public int Number { get; set; }
}

/// <summary>A type of somebody else, which has no attributes.</summary>
public sealed class Foreign(string text)
{
    public string Text { get; } = text;
}

[GenerateSerializer, Alias("conformance.ForeignSurrogate")]
public struct ForeignSurrogate
{
    [Id(0)]
    public string Text { get; set; }
}

[RegisterConverter]
public sealed class ForeignConverter : IConverter<Foreign, ForeignSurrogate>
{
    public Foreign ConvertFromSurrogate(in ForeignSurrogate surrogate) => new(surrogate.Text);

    public ForeignSurrogate ConvertToSurrogate(in Foreign value) => new() { Text = value.Text };
}
