using Dpark.Memory;
using Dpark.Rdds.Operators;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using static Dpark.Memory.MemoryRig;

namespace Dpark.Rdds;

/// <summary>Joins whose left side does not fit into memory: as plain loops, of every kind, within the budget, and without files that stay.</summary>
public sealed class LargeJoinTests
{
    private const long Budget = 2 << 20;

    public static TheoryData<string, bool> Kinds()
    {
        var data = new TheoryData<string, bool>();
        foreach (var kind in new[] { "inner", "left", "right", "full" })
        {
            data.Add(kind, true);
            data.Add(kind, false);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_NumbersOnce_AsPlain(string kind, bool canReadAgain)
    {
        var run = new Run<long, long, long>(Numbers(200_000, 1), Numbers(10_000, 2).Select(pair => (pair.Key * 30, pair.Value)), kind, canReadAgain);

        run.AssertAsPlain(spills: true);
        Assert.Equal(canReadAgain && kind is ("inner" or "left"), run.RightOpenCount > 1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_KeysTwiceOnBothSides_AsPlain(string kind, bool canReadAgain) => new Run<long, long, long>(
        Numbers(100_000, 2), Numbers(50_000, 2).Select(pair => (pair.Key * 3, pair.Value)), kind, canReadAgain).AssertAsPlain(spills: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_TextsAndNulls_AsPlain(string kind, bool canReadAgain) => new Run<string, string?, string?>(
        Numbers(30_000, 2).Select(pair => (TextOf(pair.Key), Text(pair.Value))),
        Numbers(20_000, 2).Select(pair => (TextOf(pair.Key * 3), Text(pair.Value))),
        kind,
        canReadAgain).AssertAsPlain(spills: true);

    // The right side is tried as the table first: what it took must be read again, or be there still.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_NumbersOnTheRightOnlyAndTwice_AsPlain(string kind, bool canReadAgain) => new Run<long, string?, long>(
        Numbers(40_000, 2).Select(pair => (pair.Key, Text(pair.Value))), Numbers(20_000, 1).Concat(Numbers(100, 2)).Select(pair => (pair.Key * 3, pair.Value)), kind, canReadAgain)
        .AssertAsPlain(spills: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_MostOfTheLeftSideHasOneKey_AsPlain(string kind, bool canReadAgain) => new Run<long, long, long>(
        Numbers(200_000, 1).Select(pair => (pair.Key % 10 == 0 ? pair.Key : 7, pair.Value)), [(7, 1), (7, 2), (10, 3), (11, 4)], kind, canReadAgain).AssertAsPlain(spills: true);

    // Dense for its first keys; the last ones find no place, and there is no room for hashing all.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_LastKeysAreFarAway_AsPlain(string kind, bool canReadAgain) => new Run<long, long, long>(
        Numbers(100_000, 1).Concat([(1L << 50, 1), (-(1L << 50), 2), (5, 3)]), Numbers(20_000, 1).Select(pair => (pair.Key * 6, pair.Value)).Append((1L << 50, 4)), kind, canReadAgain)
        .AssertAsPlain(spills: true);

    // Hashed, they would not.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_KeysCloseTogether_FitIntoMemory(string kind, bool canReadAgain) => new Run<long, long, long>(
        Numbers(400_000, 1), Numbers(20_000, 1).Select(pair => (pair.Key * 24, pair.Value)), kind, canReadAgain, budget: 14 << 20).AssertAsPlain(spills: false);

    // A sixteenth of the left side does not fit either: buckets of buckets.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_BucketsDoNotFitEither_AsPlain(string kind, bool canReadAgain) => new Run<long, long, long>(
        Numbers(400_000, 1).Select(pair => (pair.Key << 30, pair.Value)), Numbers(600_000, 1).Select(pair => ((pair.Key * 2) << 30, pair.Value)), kind, canReadAgain, budget: 1 << 20)
        .AssertAsPlain(spills: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_RightSideIsEmpty_AsPlain(string kind, bool canReadAgain) => new Run<long, long, long>(Numbers(200_000, 1), [], kind, canReadAgain).AssertAsPlain(spills: true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_LeftSideIsEmpty_AsPlain(string kind, bool canReadAgain) => new Run<long, long, long>([], Numbers(1_000, 2), kind, canReadAgain).AssertAsPlain(spills: false);

    // The estimate decides what pays, never what is joined.
    [Theory]
    [InlineData(0, 9)]
    [InlineData(100_000, 9)]
    [InlineData(1_000_000_000, 1)]
    public void Next_SizesAreWrong_AsPlain(long leftPairCount, int mostReadings)
    {
        var run = new Run<long, long, long>(Numbers(200_000, 1), Numbers(60_000, 2), "left", canReadAgain: true) { LeftPairCount = leftPairCount };

        run.AssertAsPlain(spills: true);

        // Three readings of both sides are what spreading costs, and one reading is for the last way.
        Assert.InRange(run.RightOpenCount, 1, mostReadings);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_RightSideFails_LeavesNothing(string kind, bool canReadAgain)
    {
        var run = new Run<long, long, long>(Numbers(200_000, 1), Numbers(60_000, 2), kind, canReadAgain) { RightFailsAfter = 20 };

        Assert.Equal("the right side", Assert.Throws<FormatException>(() => run.Join()).Message);
        run.AssertNothingLeft();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Next_IsCancelled_LeavesNothing(string kind, bool canReadAgain)
    {
        var run = new Run<long, long, long>(Numbers(200_000, 1), Numbers(60_000, 2), kind, canReadAgain) { IsCancelledOnRight = true };

        Assert.Throws<OperationCanceledException>(() => run.Join());
        run.AssertNothingLeft();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Dispose_BeforeTheEnd_LeavesNothing(string kind, bool canReadAgain)
    {
        var run = new Run<long, long, long>(Numbers(200_000, 1), Numbers(60_000, 2), kind, canReadAgain) { BatchLimit = 3 };

        Assert.NotEmpty(run.Join());
        run.AssertNothingLeft();
    }

    /// <summary>So many keys from 0, each so many times, with values that differ.</summary>
    private static IEnumerable<(long Key, long Value)> Numbers(int keyCount, int times) =>
        Enumerable.Range(0, times).SelectMany(time => Enumerable.Range(0, keyCount).Select(key => ((long)key, ((long)key * times) + time)));

    private static string TextOf(long key) => key == 0 ? null! : $"key {key}";

    private static string? Text(long value) => value % 7 == 0 ? null : $"value {value}";

    /// <summary>One join, on files of a worker with a budget.</summary>
    private sealed class Run<TKey, TLeft, TRight>(
        IEnumerable<(TKey Key, TLeft Value)> left, IEnumerable<(TKey Key, TRight Value)> right, string kind, bool canReadAgain, long budget = Budget)
        where TKey : notnull
    {
        private readonly (TKey Key, TLeft Value)[] _left = [.. left];
        private readonly (TKey Key, TRight Value)[] _right = [.. right];
        private readonly UnmatchedPairs _kept = (kind is "left" or "full" ? UnmatchedPairs.Left : UnmatchedPairs.None) | (kind is "right" or "full" ? UnmatchedPairs.Right : UnmatchedPairs.None);
        private readonly WorkerMemory _memory = NewMemory(budget);
        private (string[] Files, long SpilledBytes) _after = ([], 0);

        public long? LeftPairCount { get; init; }

        public int? RightFailsAfter { get; init; }

        public bool IsCancelledOnRight { get; init; }

        public int BatchLimit { get; init; } = int.MaxValue;

        public int RightOpenCount { get; private set; }

        public void AssertAsPlain(bool spills)
        {
            Assert.Equal(Plain().Order(StringComparer.Ordinal), Join().Order(StringComparer.Ordinal));
            Assert.Equal(spills, _after.SpilledBytes > 0);
            Assert.True(canReadAgain || RightOpenCount == 1);
            AssertNothingLeft();
        }

        public void AssertNothingLeft()
        {
            Assert.Empty(_after.Files);
            Assert.InRange(_memory.PeakBytes, 0, _memory.BudgetBytes);
            Assert.Equal((0, 0), _memory.Used);
        }

        public List<string> Join()
        {
            using var rig = new ShuffleRig(memory: _memory);
            using var memory = _memory.Open(default);
            using var cancellation = new CancellationTokenSource();
            var context = new TaskContext
            {
                Attempt = new TaskAttemptId(ShuffleRig.App, 1, 0, 0, 0),
                Worker = ShuffleRig.Worker,
                CancellationToken = cancellation.Token,
                Shuffle = rig.Store,
                Cache = new InMemoryPartitionCache(),
                Broadcasts = new NoBroadcasts(),
                Memory = memory,
            };
            var rows = new List<string>();
            try
            {
                using var reader = new JoinReader<TKey, TLeft, TRight, string, string>(
                    new JoinSide<TKey, TLeft>(() => BatchListReader<(TKey Key, TLeft Value)>.Of(_left), canReadAgain ? () => (LeftPairCount ?? _left.Length, 16L * _left.Length) : null),
                    new JoinSide<TKey, TRight>(() => OpenRight(cancellation), canReadAgain ? () => (_right.Length, 16L * _right.Length) : null),
                    _kept,
                    (value => $"<{value}", value => $">{value}"),
                    default,
                    context);
                var count = 0;
                for (var batch = reader.Next(); !batch.IsEmpty && count < BatchLimit; batch = reader.Next(), count++)
                {
                    foreach (var (key, (one, other)) in batch)
                    {
                        rows.Add($"{key} {one} {other}");
                    }
                }

                Assert.True(BatchLimit < int.MaxValue || reader.Next().IsEmpty);
            }
            finally
            {
                _after = (rig.AllFiles(), context.Metrics.SpilledBytes);
            }

            return rows;
        }

        private BatchReader<(TKey Key, TRight Value)> OpenRight(CancellationTokenSource cancellation)
        {
            RightOpenCount++;
            return RightFailsAfter is { } count ? new FailingReader<(TKey Key, TRight Value)>(OpenAll(), count, () => throw new FormatException("the right side"))
                : IsCancelledOnRight ? new FailingReader<(TKey Key, TRight Value)>(OpenAll(), 20, cancellation.Cancel)
                : OpenAll();
        }

        private BatchListReader<(TKey Key, TRight Value)> OpenAll() => BatchListReader<(TKey Key, TRight Value)>.Of(_right);

        private IEnumerable<string> Plain()
        {
            var lefts = _left.ToLookup(pair => pair.Key, pair => $"<{pair.Value}");
            var rights = _right.ToLookup(pair => pair.Key, pair => $">{pair.Value}");
            return lefts.Select(group => group.Key).Union(rights.Select(group => group.Key)).SelectMany(key =>
                Values(lefts[key], UnmatchedPairs.Right).SelectMany(one => Values(rights[key], UnmatchedPairs.Left).Select(other => $"{key} {one} {other}")));
        }

        // A side without values has one missing value where the other side is kept.
        private IEnumerable<string?> Values(IEnumerable<string> values, UnmatchedPairs other) => (_kept & other) != 0 ? values.DefaultIfEmpty() : values;
    }

    /// <summary>Does something after some batches.</summary>
    private sealed class FailingReader<T>(BatchReader<T> source, int batchCount, Action fail) : BatchReader<T>
    {
        private int _count;

        public override ReadOnlySpan<T> Next()
        {
            if (++_count == batchCount)
            {
                fail();
            }

            return source.Next();
        }
    }
}
