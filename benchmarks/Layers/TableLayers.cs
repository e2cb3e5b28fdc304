using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Shuffle;

namespace Dpark.Layers;

/// <summary>Sums by key, of two million pairs: an array by key, the engine's table as the map side of <c>ReduceByKey</c> uses it, and the framework's dictionary.</summary>
public class TableLayers
{
    private const int PairCount = 2_000_000;
    private const int KeyCount = 200_000;

    private readonly (long Key, long Value)[] _pairs = new (long Key, long Value)[PairCount];

    /// <summary>Whether keys lie close together, or anywhere.</summary>
    [Params(true, false)]
    public bool AreDense { get; set; }

    /// <summary>Makes the pairs.</summary>
    [GlobalSetup]
    public void Make()
    {
        var random = new Random(1);
        for (var i = 0; i < _pairs.Length; i++)
        {
            var number = random.NextInt64(KeyCount);
            _pairs[i] = (AreDense ? number : number * 0x9E37_79B9_7F4A_7C1, 1);
        }
    }

    /// <summary>What no table can beat: the key is the place.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = PairCount)]
    public int PlainArray()
    {
        var sums = new long[KeyCount];
        foreach (var (key, value) in _pairs)
        {
            sums[(ulong)key % KeyCount] += value;
        }

        return sums.Length;
    }

    /// <summary>As tasks do it: a table of the engine, and a function of the user per pair.</summary>
    [Benchmark(OperationsPerInvoke = PairCount)]
    public int CombiningTable()
    {
        using var buffer = CombiningBuffer.OfMapSide<long, long, long>(
            new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right), TaskMemory.Unlimited(default).Claim("a benchmark"));
        for (var start = 0; start < _pairs.Length; start += BatchReader.Capacity)
        {
            buffer.Add(_pairs.AsSpan(start, Math.Min(BatchReader.Capacity, _pairs.Length - start)));
        }

        using var order = buffer.OrderAll();
        return Expect(order.Count);
    }

    /// <summary>With the framework's own table, one lookup per pair.</summary>
    [Benchmark(OperationsPerInvoke = PairCount)]
    public int Dictionary()
    {
        var sums = new Dictionary<long, long>();
        foreach (var (key, value) in _pairs)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(sums, key, out _) += value;
        }

        return Expect(sums.Count);
    }

    // Of two million draws, hardly one key is never drawn.
    private static int Expect(int count) => count is > KeyCount * 99 / 100 and <= KeyCount ? count : throw new InvalidDataException($"{count} keys of {KeyCount}.");
}
