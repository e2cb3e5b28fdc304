using System.Globalization;

namespace Dpark.Scheduling;

public sealed class SimulatorTests
{
    private const int SeedCount = 20_000;

    /// <summary>Set to a number, it runs as many seeds instead; another set of them when <c>DPARK_SIMULATOR_FIRST_SEED</c> is set, too.</summary>
    private const string CountVariable = "DPARK_SIMULATOR_SEEDS";

    [Fact]
    public void Run_WorkersDieAndMessagesMisbehave_EveryResultIsDeliveredOnce()
    {
        var count = Number(CountVariable) ?? SeedCount;
        var first = Number("DPARK_SIMULATOR_FIRST_SEED") ?? 0;

        var (ahead, started) = (0, 0);
        Parallel.For(first, first + count, seed =>
        {
            var simulation = Simulation.Run(seed);
            Interlocked.Add(ref ahead, simulation.AheadCount);
            Interlocked.Add(ref started, simulation.StartedAheadCount);
        });
        Assert.True(started > count / 100 && ahead > started, $"Of {ahead} attempts that were launched ahead, {started} were started by their workers: too few to test it.");
    }

    [Theory]
    [InlineData(7)]
    [InlineData(4711)]
    public void Run_SameSeedTwice_DoesTheSame(int seed)
    {
        var first = Simulation.Run(seed, isTraced: true).Trace;

        var second = Simulation.Run(seed, isTraced: true).Trace;

        Assert.Equal(first, second);
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
