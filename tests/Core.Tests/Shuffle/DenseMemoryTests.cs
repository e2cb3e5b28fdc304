using Dpark.Memory;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Dense tables where memory is short: they hold what they are, ask before they become larger, and lose nothing when they are refused.</summary>
public sealed class DenseMemoryTests
{
    private const int KeyCount = 1_000_000;
    private const long Far = 1L << 50;

    // Hashed places for a million keys, and those that they replace, take 48 MiB.
    private const long BudgetForDense = 34 << 20;

    [Theory]
    [InlineData(1, false)]
    [InlineData(1_000_003, true)]
    public void IsFull_ManyKeys_DependsOnWhetherTheyAreCloseTogether(long step, bool isFull)
    {
        var memory = MemoryRig.NewMemory(BudgetForDense);
        using var task = memory.Open(default);
        using var buffer = NewBuffer(task, isAddition: true);

        var wasFull = false;
        foreach (var batch in ShuffledKeys().Select(key => (key * step, 1L)).Chunk(BatchReader.Capacity))
        {
            buffer.Add(batch);
            if (buffer.IsFull)
            {
                wasFull = true;
                break;
            }
        }

        Assert.Equal(isFull, wasFull);
        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
    }

    // Dense places for a million keys take 7.75 MiB without the usual room for more. Beside hashed ones for a third of a million, which take 8.5 MiB, they fit into the first budget; into
    // the second one only beside those for a sixth.
    [Theory]
    [InlineData(24 << 20, true)]
    [InlineData(24 << 20, false)]
    [InlineData(14 << 20, true)]
    [InlineData(14 << 20, false)]
    public void IsFull_DenseTableFitsJust_IsNot(int budgetBytes, bool isAddition)
    {
        var memory = MemoryRig.NewMemory(budgetBytes);
        using var task = memory.Open(default);
        using var buffer = NewBuffer(task, isAddition);

        foreach (var batch in ShuffledKeys().Concat(ShuffledKeys()).Select(key => (key, 1L)).Chunk(BatchReader.Capacity))
        {
            buffer.Add(batch);
            Assert.False(buffer.IsFull);
        }

        buffer.Complete();
        Assert.Equal(KeyCount, buffer.Count);
        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Add_KeyFarAwayAndNoRoomForIt_WaitsUntilThePairsAreGone(bool isAddition)
    {
        var memory = MemoryRig.NewMemory(BudgetForDense);
        using var task = memory.Open(default);
        using var buffer = NewBuffer(task, isAddition);
        var read = new Dictionary<long, long>();
        (long, long)[] pairs = [.. ShuffledKeys().Select(key => (key, key + 1)), (3, 5), (Far, 7), (4, 6), (-Far, 8)];

        var fullCount = 0;
        foreach (var batch in pairs.Chunk(BatchReader.Capacity))
        {
            buffer.Add(batch);
            if (buffer.IsFull)
            {
                fullCount++;
                Collect(buffer, read);
                buffer.Clear();
            }
        }

        Collect(buffer, read);

        Assert.Equal(1, fullCount);
        Assert.Equal(KeyCount + 2, read.Count);
        Assert.Equal((3 + 1 + 5, 7, 4 + 1 + 6, 8), (read[3], read[Far], read[4], read[-Far]));
        Assert.Equal(pairs.Sum(pair => (decimal)pair.Item2), read.Values.Sum(value => (decimal)value));
        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
    }

    // With the table that is replaced, there would be no room for another step.
    [Fact]
    public void Add_KeysAscendUntilItIsFull_TakesThePlacesThatThereAre()
    {
        var memory = MemoryRig.NewMemory(16 << 20);
        using var task = memory.Open(default);
        using var buffer = NewBuffer(task, isAddition: true);
        var count = 0;
        for (; !buffer.IsFull; count += BatchReader.Capacity)
        {
            buffer.Add(Enumerable.Range(count, BatchReader.Capacity).Select(key => ((long)key, 1L)).ToArray());
        }

        // Three quarters of the memory are a table's.
        Assert.InRange(count * sizeof(long), 10 << 20, 12 << 20);
        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
    }

    [Fact]
    public void Widen_CountIsExpected_HasPlacesForAllAtOnce()
    {
        using var task = MemoryRig.NewMemory(64 << 20).Open(default);
        using var claim = task.Claim("a table");
        using var table = new NumberTable<long, long>(3, claim) { ExpectedCount = KeyCount };
        var lengths = new HashSet<long>();

        // Every second key, as a task has them of two partitions.
        for (var key = 0L; key < 2 * KeyCount; key += 2)
        {
            table.Reserve(1);
            if (table.Dense is { } dense && !dense.HasPlaces(key, key))
            {
                Assert.Equal(Widening.Dense, table.Widen(key, key, 1));
            }

            table.GetOrAdd(key, out _) = key;
            lengths.Add(table.Dense?.Length ?? 0);
        }

        // Hashed, dense for the first large page, and then at once for all with a quarter more.
        Assert.InRange(lengths.Count, 2, 3);
        Assert.InRange(lengths.Max(), 2L * KeyCount * sizeof(long), 2L * KeyCount * sizeof(long) * 4 / 3);
        Assert.Equal(KeyCount, table.Count);
    }

    private static PairBuffer<long, long, long> NewBuffer(TaskMemory task, bool isAddition)
    {
        Func<long, long, long> merge = isAddition ? (sum, value) => sum + value : (sum, value) => unchecked(sum - -value);
        return CombiningBuffer.OfMapSide<long, long, long>(new Aggregator<long, long>(value => value, merge, merge), task.Claim("a test"));
    }

    private static IEnumerable<long> ShuffledKeys() => Enumerable.Range(0, KeyCount).Select(i => i * 7_919L % KeyCount);

    private static void Collect(PairBuffer<long, long, long> buffer, Dictionary<long, long> sums)
    {
        buffer.Complete();
        using var order = buffer.OrderAll();
        var numbers = order.NumbersOf(0);
        var pairs = new (long Key, long Value)[numbers.Length];
        buffer.Read(numbers, pairs);
        foreach (var (key, value) in pairs)
        {
            sums[key] = sums.GetValueOrDefault(key) + value;
        }
    }
}
