using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Serialization;

/// <summary>Serializers without a silo.</summary>
internal static class TestSerializer
{
    public static SerializerSessionPool NewPool(Action<ISerializerBuilder>? configure = null, Action<IServiceCollection>? services = null)
    {
        var collection = new ServiceCollection().AddSerializer(configure);
        services?.Invoke(collection);
        return collection.BuildServiceProvider().GetRequiredService<SerializerSessionPool>();
    }

    public static byte[] ToArray<T>(this SerializerSessionPool pool, T value) => new Serializer(pool).SerializeToArray(value);
}

[GenerateSerializer, Alias("test.Small")]
public sealed record Small([property: Id(0)] int Number, [property: Id(1)] string? Text);

[GenerateSerializer, Alias("test.Numbers")]
public sealed class Numbers
{
    [Id(0)] public int Folded { get; set; }
    [Id(1)] public uint Plain { get; set; }
    [Id(2)] public float Real { get; set; }
    [Id(3)] public short Small { get; set; }
    [Id(4)] public byte Tiny { get; set; }
}

[GenerateSerializer, Alias("test.WideNumbers")]
public sealed class WideNumbers
{
    [Id(0)] public long Folded { get; set; }
    [Id(1)] public ulong Plain { get; set; }
    [Id(2)] public double Real { get; set; }
    [Id(3)] public int Small { get; set; }
    [Id(4)] public uint Tiny { get; set; }
}

[GenerateSerializer, Alias("test.VersionOne")]
public sealed class VersionOne
{
    [Id(0)] public int Kept { get; set; }
    [Id(1)] public string? Dropped { get; set; }
    [Id(2)] public Tree? DroppedTree { get; set; }
    [Id(3)] public object? DroppedObject { get; set; }
    [Id(4)] public List<Small>? DroppedList { get; set; }
    [Id(40)] public Tree? Shared { get; set; }
    [Id(41)] public object? AfterTypes { get; set; }
}

[GenerateSerializer, Alias("test.VersionTwo")]
public sealed class VersionTwo
{
    [Id(0)] public int Kept { get; set; }
    [Id(40)] public Tree? Shared { get; set; }
    [Id(41)] public object? AfterTypes { get; set; }
    [Id(50)] public string Added { get; set; } = "default";
}

[GenerateSerializer, Alias("test.Tree")]
public sealed class Tree
{
    [Id(0)] public string Name { get; set; } = "";
    [Id(1)] public Tree? Left { get; set; }
    [Id(2)] public Tree? Right { get; set; }
}

[GenerateSerializer, Alias("test.Base")]
public class BaseLevel
{
    [Id(0)] public int Zero { get; set; }
    [Id(1)] public int One { get; set; }
}

[GenerateSerializer, Alias("test.Derived")]
public sealed class DerivedLevel : BaseLevel
{
    [Id(0)] public string? Text { get; set; }
}

[GenerateSerializer, Alias("test.Everything")]
public sealed class Everything
{
    [Id(0)] public int Number { get; set; }
    [Id(1)] public string? Text { get; set; }
    [Id(2)] public byte[]? Bytes { get; set; }
    [Id(3)] public double[]? Doubles { get; set; }
    [Id(4)] public List<Small?>? List { get; set; }
    [Id(5)] public Dictionary<string, object>? Dictionary { get; set; }
    [Id(6)] public ImmutableArray<long> Immutable { get; set; }
    [Id(7)] public Tree? Tree { get; set; }
    [Id(8)] public BaseLevel? Level { get; set; }
    [Id(9)] public Exception? Exception { get; set; }
    [Id(10)] public object? Anything { get; set; }
    [Id(11)] public (int, string?)? Pair { get; set; }
    [Id(12)] public DateTime Time { get; set; }
    [Id(13)] public decimal Money { get; set; }
    [Id(14)] public int[,]? Grid { get; set; }
    [Id(15)] public HashSet<string>? Set { get; set; }
    [Id(16)] public Type? Type { get; set; }
    [Id(17)] public bool[]? Flags { get; set; }
    [Id(18)] public string?[]? Texts { get; set; }

    public static Everything Example()
    {
        var shared = new Tree { Name = "shared" };
        shared.Left = shared;
        return new Everything
        {
            Number = -5,
            Text = "text ünï",
            Bytes = [1, 2, 3],
            Doubles = [1.5, -2],
            List = [new Small(1, "a"), null, new Small(2, null)],
            Dictionary = new(StringComparer.OrdinalIgnoreCase) { ["tree"] = shared, ["number"] = 7L, ["list"] = new List<int> { 1, 2 } },
            Immutable = [1, 2, 3],
            Tree = new Tree { Name = "root", Left = shared, Right = new Tree { Name = "leaf" } },
            Level = new DerivedLevel { Zero = 1, One = 2, Text = "derived" },
            Exception = new AggregateException("outer", new MarkedException("inner", 3), new TimeoutException("late")),
            Anything = new Dictionary<int, Small[]> { [1] = [new Small(9, "z")] },
            Pair = (1, "two"),
            Time = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            Money = 12.34m,
            Grid = new[,] { { 1, 2 }, { 3, 4 } },
            Set = ["x", "y"],
            Type = typeof(Dictionary<string, Small>),
            Flags = [true, false],
            Texts = ["a", null],
        };
    }
}

[GenerateSerializer, Alias("test.MarkedException")]
public sealed class MarkedException(string message, int code) : Exception(message)
{
    [Id(0)] public int Code { get; } = code;
}
