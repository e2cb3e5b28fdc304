using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;

namespace Dpark.Closures;

public sealed class CollectionTests
{
    private static readonly string[] Words = ["Zero", "one", "TWO", "three", "four", "five", "six", "a long word that no small table expects"];

    public static TheoryData<string, object> Sequences()
    {
        var data = new TheoryData<string, object>();
        object[] collections =
        [
            new List<string>(Words), new HashSet<string>(Words), new SortedSet<string>(Words), new Queue<string>(Words), new Stack<string>(Words), new LinkedList<string>(Words),
            new ConcurrentQueue<string>(Words), new ConcurrentStack<string>(Words), new Collection<string>([.. Words]), new ObservableCollection<string>(Words),
            new ReadOnlyCollection<string>(Words), Words.ToImmutableArray(), Words.ToImmutableList(), Words.ToImmutableHashSet(), Words.ToImmutableSortedSet(),
            ImmutableQueue.Create(Words), ImmutableStack.Create(Words), Words.ToFrozenSet(), new ArraySegment<string>(Words), new ReadOnlySet<string>(new HashSet<string>(Words)),
        ];
        foreach (var collection in collections)
        {
            data.Add(collection.GetType().Name, collection);
        }

        return data;
    }

    public static TheoryData<string, object> Tables()
    {
        var data = new TheoryData<string, object>();
        var pairs = Words.Select((word, i) => KeyValuePair.Create(word, i)).ToArray();
        object[] tables =
        [
            new Dictionary<string, int>(pairs), new SortedDictionary<string, int>(pairs.ToDictionary()), new SortedList<string, int>(pairs.ToDictionary()),
            new OrderedDictionary<string, int>(pairs), new ConcurrentDictionary<string, int>(pairs), pairs.ToImmutableDictionary(), pairs.ToImmutableSortedDictionary(),
            pairs.ToFrozenDictionary(), new ReadOnlyDictionary<string, int>(pairs.ToDictionary()),
        ];
        foreach (var table in tables)
        {
            data.Add(table.GetType().Name, table);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Sequences))]
    public void Copy_Sequence_HoldsTheSameElements(string type, object collection)
    {
        var copy = Travel.Copy(collection);

        Assert.Equal(type, copy.GetType().Name);
        Assert.Equal((IEnumerable<string>)collection, (IEnumerable<string>)copy);
        if (copy is ICollection<string> elements)
        {
            Assert.All(Words, word => Assert.Contains(word, elements));
            Assert.False(elements.Contains("ONE"));
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public void Copy_Table_FindsItsKeys(string type, object table)
    {
        var copy = (IDictionary<string, int>)Travel.Copy(table);

        Assert.Equal(type, copy.GetType().Name);
        Assert.Equal((IEnumerable<KeyValuePair<string, int>>)table, copy);
        Assert.All(Words, (word, i) => Assert.Equal(i, copy[word]));
        Assert.False(copy.ContainsKey("ONE"));
    }

    [Fact]
    public void Copy_Comparers_AreKept()
    {
        var ignoreCase = StringComparer.OrdinalIgnoreCase;

        Assert.True(Travel.Copy(new HashSet<string>(Words, ignoreCase)).Overlaps(["ONE"]));
        Assert.True(Travel.Copy(new Dictionary<string, int>(ignoreCase) { ["one"] = 1 }).ContainsKey("ONE"));
        Assert.True(Travel.Copy(new ConcurrentDictionary<string, int>(ignoreCase) { ["one"] = 1 }).ContainsKey("ONE"));
        Assert.True(Travel.Copy(new SortedDictionary<string, int>(ignoreCase) { ["one"] = 1 }).ContainsKey("ONE"));
        Assert.True(Travel.Copy(new SortedSet<string>(Words, ignoreCase)).Overlaps(["ONE"]));
        Assert.True(Travel.Copy(Words.ToImmutableHashSet(ignoreCase)).Overlaps(["ONE"]));
        Assert.True(Travel.Copy(Words.ToImmutableDictionary(word => word, word => 1, ignoreCase)).ContainsKey("ONE"));
        Assert.True(Travel.Copy(Words.ToFrozenSet(ignoreCase)).Overlaps(["ONE"]));
        Assert.True(Travel.Copy(Words.ToFrozenDictionary(word => word, ignoreCase)).ContainsKey("ONE"));
        Assert.Equal([3, 2, 1], Travel.Copy(new SortedSet<int>([1, 2, 3], Comparer<int>.Create((a, b) => b - a))));
        Assert.Equal("x", Travel.Copy(new Dictionary<int, string>(new Modulo(10)) { [3] = "x" })[13]);
    }

    [Fact]
    public void Copy_EmptyCollections_StayEmpty()
    {
        Assert.Empty(Travel.Copy(new Dictionary<string, int>()));
        Assert.Empty(Travel.Copy(new List<int>()));
        Assert.Empty(Travel.Copy(ImmutableDictionary<string, int>.Empty));
        Assert.Empty(Travel.Copy(FrozenDictionary<string, int>.Empty));
        Assert.Empty(Travel.Copy(FrozenSet<int>.Empty));
        Assert.Empty(Travel.Copy(Array.Empty<string>()));
    }

    [Fact]
    public void Copy_FrozenTablesOfManyShapes_Work()
    {
        foreach (var count in (int[])[1, 3, 5, 20, 500])
        {
            var numbers = Enumerable.Range(0, count).ToFrozenDictionary(i => i * 7, i => i);
            var words = Enumerable.Range(0, count).ToFrozenDictionary(i => $"key-{i * 7}", i => i);
            var people = Enumerable.Range(0, count).Select(i => new object()).ToFrozenSet();

            Assert.Equal(numbers.OrderBy(pair => pair.Key), Travel.Copy(numbers).OrderBy(pair => pair.Key));
            Assert.Equal(count - 1, Travel.Copy(words)[$"key-{(count - 1) * 7}"]);
            Assert.Equal(count, Travel.Copy(people).Count);
        }
    }

    [Fact]
    public void Copy_OldCollections_Work()
    {
        var table = Travel.Copy(new Hashtable(StringComparer.OrdinalIgnoreCase) { ["a"] = 1, ["b"] = "x" });

        Assert.Equal(1, table["A"]);
        Assert.Equal([1, "a"], Travel.Copy(new ArrayList { 1, "a" }).ToArray());
        Assert.Equal("v", Travel.Copy(new System.Collections.Specialized.NameValueCollection { ["k"] = "v" })["k"]);
        Assert.True(Travel.Copy(new BitArray([false, true]))[1]);
    }

    [Fact]
    public void Copy_LookupAndPriorityQueue_Work()
    {
        var lookup = Travel.Copy(Words.ToLookup(word => word.ToUpperInvariant(), StringComparer.Ordinal));
        var queue = Travel.Copy(new PriorityQueue<string, int>([("b", 2), ("a", 1)]));

        Assert.Equal(["one"], lookup["ONE"]);
        Assert.Empty(lookup["one"]);
        Assert.Equal("a", queue.Dequeue());
        Assert.Equal(4, Travel.Copy(new ConcurrentBag<int>([1, 3])).Sum());
    }

    [Fact]
    public void Copy_SubclassOfCollection_KeepsItsFields()
    {
        var copy = Travel.Copy(new Named("n", StringComparer.OrdinalIgnoreCase) { ["a"] = 1 });

        Assert.Equal("n", copy.Name);
        Assert.Equal(1, copy["A"]);
        Assert.IsType<Named>(copy);
    }

    [Fact]
    public void Copy_KeysThatHoldTables_AreHashedWhenTheyAreComplete()
    {
        var table = new Dictionary<Key, string>();
        var key = new Key(new HashSet<string> { "x", "y" });
        object[] order = [table, key, new Dictionary<Key, string> { [key] = "first" }];
        table[key] = "second";

        var copy = Travel.Copy(order);

        Assert.Equal("second", ((Dictionary<Key, string>)copy[0])[new Key(["y", "x"])]);
        Assert.Equal("first", ((Dictionary<Key, string>)copy[2])[(Key)copy[1]]);
    }

    [Fact]
    public void Copy_TableThatHoldsItself_KeepsTheCycle()
    {
        var table = new Dictionary<string, object>();
        table["self"] = table;

        var copy = Travel.Copy(table);

        Assert.Same(copy, copy["self"]);
    }

    [Fact]
    public void Copy_KeysByIdentity_AreFoundByTheirCopies()
    {
        var key = new object();
        var copy = Travel.Copy((key, new Dictionary<object, int> { [key] = 5 }).Let(pair => new List<object> { pair.key, pair.Item2 }));

        Assert.Equal(5, ((Dictionary<object, int>)copy[1])[copy[0]]);
    }

    [Fact]
    public void Copy_DictionaryOfTenThousand_IsSmall()
    {
        var table = Enumerable.Range(0, 10_000).ToDictionary(i => i, i => i);

        Assert.InRange(Travel.Size(table), 80_000, 81_000);
    }

    private sealed class Modulo(int by) : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => x % by == y % by;

        public int GetHashCode(int obj) => obj % by;
    }

    private sealed class Named(string name, IEqualityComparer<string> comparer) : Dictionary<string, int>(comparer)
    {
        public string Name { get; } = name;
    }

    private sealed class Key(HashSet<string> words) : IEquatable<Key>
    {
        private readonly HashSet<string> _words = words;

        public bool Equals(Key? other) => other is not null && _words.SetEquals(other._words);

        public override bool Equals(object? obj) => Equals(obj as Key);

        public override int GetHashCode() => _words.Count == 0 ? throw new InvalidOperationException("Too early.") : _words.Sum(word => word.Length);
    }
}
