namespace Dpark.Driver;

public sealed class RehearsalTests
{
    [Fact]
    public void Play_FromPlanToResult_GivesTheElements() => Assert.Equal([0L, 1L, 2L], new Rehearsal().Play());
}
