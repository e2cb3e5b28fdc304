using System.Collections.Concurrent;
using System.Collections.Immutable;
using Dpark.Applications;
using Dpark.Broadcasting;

namespace Dpark.Closures;

public sealed class BroadcastTests
{
    private readonly Exchange _exchange = new();
    private readonly ClosureSerializer _serializer = new();

    [Fact]
    public void Serialize_LargeCapture_TravelsApart()
    {
        var table = new int[50_000];
        table[7] = 7;
        var copy = Send<Func<int, int>>(i => table[i], out var bytes);

        Assert.Equal(7, copy(7));
        Assert.InRange(bytes.Length, 1, 5_000);
        Assert.Equal(["BroadcastTests.Serialize_LargeCapture_TravelsApart: 'table' (int[])"], _exchange.Descriptions);
    }

    [Fact]
    public void Serialize_CaptureAtTheLimit_StaysInline()
    {
        var serializer = new ClosureSerializer(new ClosureOptions { MaxInlineCaptureBytes = 1_000 });
        var value = new string('x', 400);
        var length = serializer.Serialize(value, null).Bytes.Length;
        var atLimit = new string('x', 1_000 - (length - 400));
        var overLimit = atLimit + "x";

        serializer.Serialize((Func<string>)(() => atLimit), _exchange);
        Assert.Empty(_exchange.Descriptions);

        serializer.Serialize((Func<string>)(() => overLimit), _exchange);
        Assert.Single(_exchange.Descriptions);
    }

    [Fact]
    public void Serialize_ManyKindsOfLargeCaptures_TravelApart()
    {
        var text = new string('é', 60_000);
        var words = Enumerable.Range(0, 20_000).Select(i => $"word-{i}").ToHashSet();
        var numbers = Enumerable.Range(0, 50_000).ToImmutableArray();
        var pair = (Small: 1, Large: new long[20_000]);
        var copy = Send<Func<string>>(() => $"{text.Length} {words.Contains("word-7")} {numbers[9]} {pair.Small} {pair.Large.Length}", out var bytes);

        Assert.Equal("60000 True 9 1 20000", copy());
        Assert.Equal(4, _exchange.Descriptions.Count);
        Assert.InRange(bytes.Length, 1, 5_000);
    }

    [Fact]
    public void Serialize_LargeFieldOfThis_TravelsApart()
    {
        var model = new Model();
        var copy = Send<Func<int, double>>(model.Score, out var bytes);

        Assert.Equal(6, copy(2));
        Assert.Equal(["BroadcastTests.Model.Score: 'this._weights' (double[])"], _exchange.Descriptions);
        Assert.InRange(bytes.Length, 1, 5_000);
    }

    [Fact]
    public void Serialize_LargeObjectThatIsUsedAsAWhole_TravelsApart()
    {
        var model = new Model();

        Assert.Equal(6, Send<Func<double>>(() => Model.ScoreOf(model, 2), out _)());
        Assert.True(Send<Func<int, bool>>(Enumerable.Range(0, 50_000).ToHashSet().Contains, out _)(3));
        Assert.Equal(["BroadcastTests.Serialize_LargeObjectThatIsUsedAsAWhole_TravelsApart: 'model' (Dpark.Closures.BroadcastTests.Model)", "HashSet<int>.Contains: 'this' (System.Collections.Generic.HashSet<int>)"], _exchange.Descriptions);
    }

    [Fact]
    public void Serialize_SameValueAgain_IsPublishedOnce()
    {
        var table = new int[50_000];
        Func<int, int> first = i => table[i];
        Func<int, int> second = i => -table[i];

        var copies = new[] { Send(first, out _), Send(second, out _), Send(first, out _) };

        Assert.Equal(0, copies.Sum(copy => copy(1)));
        Assert.Single(_exchange.Descriptions);
        Assert.Equal(1, _exchange.Decoded);
    }

    [Fact]
    public void Serialize_ValueChangedBetweenJobs_IsPublishedAgain()
    {
        var table = new int[50_000];
        Func<int, int> function = i => table[i];
        var before = Send(function, out _);
        table[3] = 4;

        var after = Send(function, out _);

        Assert.Equal((0, 4), (before(3), after(3)));
        Assert.Equal(2, _exchange.Descriptions.Count);
    }

    [Fact]
    public void Serialize_TwoFunctionsOfOneGraph_ShareTheBroadcast()
    {
        var table = new int[50_000];
        var copies = Send(new Func<int, int>[] { i => table[i], i => table.Length + i }, out _);

        Assert.Equal(50_001, copies[0](0) + copies[1](1));
        Assert.Single(_exchange.Descriptions);
    }

    [Fact]
    public void Serialize_LargeCaptureOfACapturedFunction_TravelsApart()
    {
        var helper = Helper(new int[50_000]);
        var holder = new Holder(helper);

        Assert.Equal(0, Send<Func<int>>(() => helper(1) + holder.Function(1), out var bytes)());
        Assert.InRange(bytes.Length, 1, 5_000);
        Assert.Single(_exchange.Descriptions);
    }

    [Fact]
    public void Serialize_LargeDataOfTheEngine_StaysInline()
    {
        _serializer.Serialize(new Rdds.RddId[50_000], _exchange);
        _serializer.Serialize(new int[50_000], _exchange);

        Assert.Empty(_exchange.Descriptions);
    }

    [Fact]
    public void Serialize_RefusedInsideALargeCapture_IsNamedWithItsWholePath()
    {
        var list = new List<object> { new int[50_000], Stream.Null };

        var exception = Assert.Throws<ClosureException>(() => Send<Func<int>>(() => list.Count, out _));

        Assert.StartsWith("BroadcastTests.Serialize_RefusedInsideALargeCapture_IsNamedWithItsWholePath: closure captures 'list[1]' (System.IO.Stream.NullStream).", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Serialize_CyclicLargeCapture_Works()
    {
        var holder = new Cycle { Data = new int[50_000] };
        holder.Self = () => holder;

        Assert.Equal(50_000, Send<Func<int>>(() => holder.Self().Data.Length, out _)());
    }

    [Fact]
    public void Instantiate_TwoAttempts_ShareTheBroadcastOnly()
    {
        var table = new int[50_000];
        var counts = new int[1];
        var bytes = _serializer.Serialize((Func<int[]>)(() => ++counts[0] > 1 ? counts : table), _exchange).Bytes;
        using var code = new CodeResolver(Travel.App, _serializer.Catalog.Read);
        var prepared = PreparedClosure.Prepare(bytes, code);

        var first = (Func<int[]>)prepared.Instantiate(_exchange, CancellationToken.None);
        var second = (Func<int[]>)prepared.Instantiate(_exchange, CancellationToken.None);

        Assert.Same(first(), second());
        Assert.NotSame(first(), second());
    }

    [Fact]
    public void Instantiate_WithoutASource_SaysWhichBroadcastIsMissing()
    {
        var table = new int[50_000];
        var bytes = _serializer.Serialize((Func<int>)(() => table.Length), _exchange).Bytes;
        using var code = new CodeResolver(Travel.App, _serializer.Catalog.Read);

        var exception = Assert.Throws<InvalidOperationException>(() => ClosureSerializer.Deserialize(bytes, code));

        Assert.Contains("broadcast-0", exception.Message, StringComparison.Ordinal);
    }

    private static Func<int, int> Helper(int[] data) => i => data[i];

    private T Send<T>(T value, out byte[] bytes)
        where T : class
    {
        bytes = _serializer.Serialize(value, _exchange).Bytes;
        using var code = new CodeResolver(Travel.App, _serializer.Catalog.Read);
        return (T)ClosureSerializer.Deserialize(bytes, code, _exchange);
    }

    private sealed class Model
    {
        private readonly double[] _weights = Enumerable.Repeat(3.0, 50_000).ToArray();

        public double Score(int i) => _weights[i] * i;

        public static double ScoreOf(Model model, int i) => model.Score(i);
    }

    private sealed record Holder(Func<int, int> Function);

    private sealed class Cycle
    {
        public int[] Data { get; init; } = [];

        public Func<Cycle> Self { get; set; } = null!;
    }

    private sealed class Exchange : IBroadcastSink, IBroadcastSource
    {
        private readonly ConcurrentDictionary<BroadcastId, Lazy<object>> _decoded = [];
        private readonly List<ReadOnlyMemory<byte>> _values = [];

        public List<string> Descriptions { get; } = [];

        public int Decoded { get; private set; }

        public BroadcastId Add(ReadOnlyMemory<byte> bytes, string description, IReadOnlyList<CodeModule> modules)
        {
            Descriptions.Add(description);
            _values.Add(bytes);
            return new BroadcastId(_values.Count - 1);
        }

        public object GetOrFetch(AppId application, BroadcastId broadcast, Func<ReadOnlyMemory<byte>, object> decode, CancellationToken cancellationToken) =>
            _decoded.GetOrAdd(broadcast, id => new Lazy<object>(() =>
            {
                Decoded++;
                return decode(_values[id.Value]);
            })).Value;
    }
}
