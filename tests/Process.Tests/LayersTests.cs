namespace Dpark.Tests.Process;

/// <summary>Every benchmark of the layers once: each checks its own result.</summary>
public sealed class LayersTests
{
    [Fact]
    public async Task Layers_EachBenchmarkOnce_GivesTheRightResult()
    {
        using var directory = new TestDirectory();
        using var program = WordCountProgram.StartCommand(
            directory, WordCountProgram.Host, Path.Combine(AppContext.BaseDirectory, "Dpark.Orleans.Layers.dll"), "--dry");

        var result = await program.WaitAsync();

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("13 benchmarks ran, 0 failed.", result.ToString(), StringComparison.Ordinal);
    }
}
