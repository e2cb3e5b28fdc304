namespace Orleans.Runtime.Management;

public sealed class LocalLoadTests
{
    [Fact]
    public void Measure_FirstTime_TellsTheMemoryOfTheProcess()
    {
        var load = new LocalLoad(TimeProvider.System).Measure(activationCount: 3);

        Assert.Equal(3, load.ActivationCount);
        Assert.InRange(load.MemoryUsed, 1, long.MaxValue);
        Assert.InRange(load.MemoryTotal, 1, long.MaxValue);
    }
}
