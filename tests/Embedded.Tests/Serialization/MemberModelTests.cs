using Orleans;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Serialization;

public sealed class MemberModelTests
{
    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();

    [Fact]
    public void Read_IdsFromNames_RestoresPublicProperties()
    {
        var copy = _pool.Read<IdsFromNames>(_pool.ToArray(new IdsFromNames { First = 1, Second = "two" }))!;

        Assert.Equal((1, "two"), (copy.First, copy.Second));
    }

    [Fact]
    public void Read_PrimaryConstructorOfClass_RestoresCapturedParameters()
    {
        var copy = _pool.Read<CapturedParameters>(_pool.ToArray(new CapturedParameters(3, "text")))!;

        Assert.Equal("3 text", copy.ToString());
    }

    [Fact]
    public void Read_RecordWithoutParameterIds_LeavesThemOut()
    {
        var copy = _pool.Read<WithoutParameters>(_pool.ToArray(new WithoutParameters(1) { Body = 2 }))!;

        Assert.Equal((0, 2), (copy.First, copy.Body));
    }

    [Fact]
    public void Read_DerivedRecordWithParameters_RestoresEachLevel()
    {
        var value = new DerivedRecord(1, "two", 3);

        Assert.Equal(value, _pool.Read<DerivedRecord>(_pool.ToArray(value)));
        Assert.Equal(value, _pool.Read<BaseRecord>(_pool.ToArray<BaseRecord>(value)));
    }

    [Fact]
    public void Read_PropertyWithoutField_GoesThroughItsAccessors()
    {
        var copy = _pool.Read<Computed>(_pool.ToArray(new Computed { Doubled = 8 }))!;

        Assert.Equal(8, copy.Doubled);
    }

    [Fact]
    public void Read_SuppressedTracking_GivesTwoObjects()
    {
        var shared = new Untracked { Number = 1 };

        var copy = _pool.Read<Untracked[]>(_pool.ToArray(new[] { shared, shared }))!;

        Assert.NotSame(copy[0], copy[1]);
        Assert.Equal((1, 1), (copy[0].Number, copy[1].Number));
    }

    [Fact]
    public void Copy_MutableTypeDerivedFromImmutable_IsCopied()
    {
        var derived = new MutableDerived { Numbers = [1] };
        var exact = new ImmutableBase();

        var copy = _pool.Copy(new List<ImmutableBase> { derived, exact })!;

        Assert.NotSame(derived, copy[0]);
        Assert.NotSame(derived.Numbers, ((MutableDerived)copy[0]).Numbers);
        Assert.Same(exact, copy[1]);
    }

    [Fact]
    public void Read_GenericStructsAndNesting_IsEqual()
    {
        var value = new Pair<Pair<int, string?>, Pair<double, Small?>[]>
        {
            First = new() { First = 1, Second = null },
            Second = [new() { First = 2, Second = new Small(3, "x") }],
        };

        var copy = _pool.Read<Pair<Pair<int, string?>, Pair<double, Small?>[]>>(_pool.ToArray(value));

        Assert.Equal(value.First, copy.First);
        Assert.Equal(value.Second, copy.Second);
    }

    [Fact]
    public void ReadWriteCopy_FirstUseByManyThreads_GivesEqualValues()
    {
        using var start = new Barrier(8);
        var failures = 0;
        var threads = Enumerable.Range(0, 8).Select(index => new Thread(() =>
        {
            var value = new Pair<Pair<byte, char>, List<Pair<short, string>>>
            {
                First = new() { First = (byte)index, Second = 'x' },
                Second = [new() { First = (short)index, Second = "y" }],
            };
            start.SignalAndWait();
            var copy = _pool.Copy(_pool.Read<Pair<Pair<byte, char>, List<Pair<short, string>>>>(_pool.ToArray(value)));
            if (copy.First != value.First || !copy.Second.SequenceEqual(value.Second))
            {
                Interlocked.Increment(ref failures);
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, failures);
    }
}

[GenerateSerializer(GenerateFieldIds = GenerateFieldIds.PublicProperties)]
public sealed class IdsFromNames
{
    public int First { get; set; }

    public string? Second { get; set; }
}

[GenerateSerializer(IncludePrimaryConstructorParameters = true)]
public sealed class CapturedParameters(int number, string text)
{
    public override string ToString() => $"{number} {text}";
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
public sealed record WithoutParameters([field: NonSerialized] int First)
{
    [Id(0)] public int Body { get; init; }
}

[GenerateSerializer]
public record BaseRecord(int First);

[GenerateSerializer]
public sealed record DerivedRecord(int First, string Second, [property: Id(0)] int Third) : BaseRecord(First);

[GenerateSerializer]
public sealed class Computed
{
    [NonSerialized]
    private int _half;

    [Id(0)]
    public int Doubled
    {
        get => _half * 2;
        set => _half = value / 2;
    }
}

[GenerateSerializer, SuppressReferenceTracking]
public sealed class Untracked
{
    [Id(0)] public int Number { get; set; }
}

[GenerateSerializer, Immutable]
public class ImmutableBase;

[GenerateSerializer]
public sealed class MutableDerived : ImmutableBase
{
    [Id(0)] public int[] Numbers { get; set; } = [];
}

[GenerateSerializer]
public record struct Pair<TFirst, TSecond>
{
    [Id(0)] public TFirst First { get; set; }

    [Id(1)] public TSecond Second { get; set; }
}
