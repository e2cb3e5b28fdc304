using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Planning;

/// <summary>What the planner knows about stages whose tasks run again.</summary>
public sealed class DeterminismTests
{
    private readonly InlineRddContext _context = new();
    private readonly StagePlanner _planner = new();

    [Fact]
    public void Plan_SourceAndNarrowOperators_GiveTheSame() =>
        Assert.Equal([Determinism.Same], Of(Numbers.Map(n => n + 1).Sample(0.5).ZipWithIndex()));

    [Fact]
    public void Plan_AfterAShuffle_OrderIsOpen() => Assert.Equal([Determinism.Same, Determinism.AnyOrder], Of(Numbers.Distinct().Map(n => n + 1)));

    [Fact]
    public void Plan_OrderMattersAfterAShuffle_GivesSomethingElseAndSoDoesWhatReadsIt() => Assert.Equal(
        [Determinism.Same, Determinism.Different, Determinism.Different],
        Of(Numbers.Distinct().ZipWithIndex().Map(pair => pair.Index).Distinct()));

    [Fact]
    public void Plan_MarkedByTheUser_GivesSomethingElse() =>
        Assert.Equal([Determinism.Different, Determinism.Different], Of(Numbers.Map(n => n).MarkNonDeterministic().Distinct()));

    [Fact]
    public void Plan_UnionWithSuch_GivesSomethingElse() =>
        Assert.Equal(Determinism.Different, Of(Numbers.Union(Numbers.Map(n => n).MarkNonDeterministic())).Single());

    [Fact]
    public void Plan_LineageOfThousandsOfOperators_NeedsNoStack()
    {
        var rdd = Numbers;
        for (var i = 0; i < 50_000; i++)
        {
            rdd = rdd.Filter(n => n >= 0);
        }

        Assert.Equal([Determinism.Same], Of(rdd));
    }

    private Rdd<long> Numbers => _context.Range(0, 10, 2);

    private IEnumerable<Determinism> Of(Rdd rdd) => _planner.Plan(rdd).Stages.Select(stage => stage.Determinism);
}
