using Dpark.Rdds;

namespace Dpark.Codecs;

/// <summary>What cannot travel is named with its path when a job is defined.</summary>
public sealed class RecordCodecRefusalTests
{
    private interface IShape;

    [Fact]
    public void EnsureSupported_MemberThatCannotTravel_NamesThePath()
    {
        var error = Assert.Throws<UnsupportedRecordTypeException>(RecordCodec.EnsureSupported<(string, Order)>);

        Assert.EndsWith(".Item2.Log", error.Path, StringComparison.Ordinal);
        Assert.Contains("System.IO.Stream", error.Message, StringComparison.Ordinal);
        Assert.Contains("stands for something of this process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EnsureSupported_ElementThatCannotTravel_NamesThePath()
    {
        var error = Assert.Throws<UnsupportedRecordTypeException>(RecordCodec.EnsureSupported<List<Action[]>>);

        Assert.Equal("List<System.Action[]>[][]", error.Path);
    }

    [Fact]
    public void EnsureSupported_AskedTwice_FailsTwice()
    {
        Assert.Throws<UnsupportedRecordTypeException>(RecordCodec.EnsureSupported<Action>);
        Assert.Throws<UnsupportedRecordTypeException>(RecordCodec.EnsureSupported<Action>);
    }

    [Fact]
    public void EnsureSupported_KindsThatCannotTravel_AreRefused()
    {
        AssertRefused<object>("does not say");
        AssertRefused<IShape>("does not say");
        AssertRefused<IEnumerable<int>>("does not say");
        AssertRefused<AbstractShape>("does not say");
        AssertRefused<Func<int>>("is a function");
        AssertRefused<Stream>("stands for something of this process");
        AssertRefused<Task<int>>("stands for something of this process");
        AssertRefused<CancellationToken>("stands for something of this process");
        AssertRefused<Rdd<int>>("only in the driver");
        AssertRefused<nint>("pointer");
        AssertRefused<Pointers>("pointer");
        AssertRefused<int[,]>("more than one dimension");
        AssertRefused<Thread>("of the framework");
        AssertRefused<Type>("does not say");
        AssertRefused<DerivedList>("derives from List<int>");
        AssertRefused<Exception>("of the framework");
        AssertRefused<FourInts>("inline array");
        AssertRefused<Endless<int>>("nested more than");
    }

    private static void AssertRefused<T>(string reason)
    {
        var error = Assert.Throws<UnsupportedRecordTypeException>(RecordCodec.EnsureSupported<T>);

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private sealed record Order(string Id, Stream Log);

    private abstract record AbstractShape;

    private sealed class DerivedList : List<int>;

    private sealed class Endless<T>
    {
        public Endless<List<T>>? Next { get; set; }
    }

    private readonly unsafe struct Pointers(int* start)
    {
        public readonly int* Start = start;
    }

    [System.Runtime.CompilerServices.InlineArray(4)]
    private struct FourInts
    {
        private int _first;

        public FourInts() => _first = 1;

        public readonly int First => _first;
    }
}
