using Dpark.Memory;

namespace Dpark.Shuffle;

/// <summary>Functions that only add are not called but done: the sums are those of the function, to the last bit.</summary>
public sealed class AdditionTests
{
    // More than a table of hashed places that stays so.
    private const int KeyCount = 3_000;

    [Fact]
    public void Is_OptimizedFunctionThatOnlyAdds_IsTrue()
    {
        Assert.True(Addition<long, long>.Is(value => value, (a, b) => a + b));
        Assert.True(Addition<int, int>.Is(value => value, (a, b) => a + b));
        Assert.True(Addition<double, double>.Is(static value => value, static (a, b) => a + b));
        Assert.True(Addition<float, float>.Is(value => value, AddStatic));
    }

    [Fact]
    public void Is_AnyOtherFunction_IsFalse()
    {
        var offset = KeyCount;

        Assert.False(Addition<long, long>.Is(value => value, (a, b) => a - b));
        Assert.False(Addition<long, long>.Is(value => value, (a, b) => b + a));
        Assert.False(Addition<long, long>.Is(value => value, (a, b) => checked(a + b)));
        Assert.False(Addition<long, long>.Is(value => value, (a, b) => a + b + offset));
        Assert.False(Addition<long, long>.Is(value => value, Math.Max));
        Assert.False(Addition<long, long>.Is(value => value + 1, (a, b) => a + b));
        Assert.False(Addition<long, int>.Is(value => value, (a, b) => a + b));
        Assert.False(Addition<short, short>.Is(value => value, (a, b) => (short)(a + b)));
        Assert.False(Addition<decimal, decimal>.Is(value => value, (a, b) => a + b));
        Func<long, long, long> add = (a, b) => a + b;
        Assert.False(Addition<long, long>.Is(value => value, add + ((a, b) => a * b)));
    }

    [Fact]
    public void Add_WholeNumbers_WrapAroundAsTheFunction()
    {
        AssertSums([long.MaxValue, 1, 5], long.MinValue + 5, (a, b) => a + b);
        AssertSums([int.MaxValue, 1, 5], int.MinValue + 5, (a, b) => a + b);
        AssertSums([ulong.MaxValue, 2ul], 1ul, (a, b) => a + b);
        AssertSums([uint.MaxValue, 3u], 2u, (a, b) => a + b);
    }

    [Fact]
    public void Add_FloatingPoint_IsThatOfTheFunctionToTheLastBit()
    {
        AssertSums([-0.0], -0.0, (a, b) => a + b);
        AssertSums([-0.0, -0.0], -0.0, (a, b) => a + b);
        AssertSums([0.1, 0.2, 0.3], 0.1 + 0.2 + 0.3, (a, b) => a + b);
        AssertSums([double.NaN, 1.0], double.NaN, (a, b) => a + b);
        AssertSums([double.NegativeInfinity], double.NegativeInfinity, (a, b) => a + b);
        AssertSums([-0.0f], -0.0f, (a, b) => a + b);
        AssertSums([1e10f, 1f], 1e10f + 1f, (a, b) => a + b);
    }

    private static float AddStatic(float a, float b) => a + b;

    // Every key has all values, a key at a time and then all keys a value at a time.
    private static void AssertSums<T>(T[] values, T sum, Func<T, T, T> add)
        where T : unmanaged
    {
        foreach (var step in new[] { 1L, 1L << 40 })
        {
            var aggregator = new Aggregator<T, T>(value => value, add, add);
            using var buffer = CombiningBuffer.OfMapSide<long, T, T>(aggregator, TaskMemory.Unlimited(default).Claim("a test"));
            (long, T)[] pairs = [.. values.SelectMany(value => Enumerable.Range(0, KeyCount).Select(key => (key * step, value)))];
            foreach (var batch in pairs.Chunk(Dpark.Rdds.BatchReader.Capacity))
            {
                buffer.Add(batch);
            }

            buffer.Complete();
            var read = new (long Key, T Value)[buffer.Count];
            var position = 0;
            Assert.Equal(read.Length, buffer.ReadOn(ref position, read));

            Assert.Equal(Enumerable.Range(0, KeyCount).Select(key => key * step), read.Select(pair => pair.Key).Order());
            Assert.All(read, pair => Assert.Equal(BytesOf(sum), BytesOf(pair.Value)));
        }
    }

    private static byte[] BytesOf<T>(T value)
        where T : unmanaged => System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
