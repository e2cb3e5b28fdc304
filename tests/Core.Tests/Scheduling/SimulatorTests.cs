namespace Dpark.Scheduling;

public sealed class SimulatorTests
{
    [Theory]
    [InlineData(0, 2000)]
    [InlineData(1_000_000, 2000)]
    public void Run_WorkersDieAndMessagesMisbehave_EveryResultIsDeliveredOnce(int firstSeed, int count)
    {
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            Simulation.Run(seed);
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(4711)]
    public void Run_SameSeedTwice_DoesTheSame(int seed)
    {
        var first = Simulation.Run(seed).Trace;

        var second = Simulation.Run(seed).Trace;

        Assert.Equal(first, second);
    }
}
