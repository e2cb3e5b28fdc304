using System.Text.Json;

namespace Dpark.Tests.Process;

/// <summary>Every workload at its smallest size: the program itself compares the results of both sides and checks what the engine allocates.</summary>
public sealed class WorkloadsTests
{
    private static readonly string[] Names =
        ["W1a", "W1b", "W2", "W3group", "W3reduce", "W4", "W5", "W6", "W7-jobs", "W7-tasks", "W8", "W9"];

    [Fact]
    public async Task Workloads_SmallestSize_AgreeWithPlainCodeAndAllocateLittle()
    {
        using var directory = new TestDirectory();
        var path = Path.Combine(directory.Path, "results.json");
        using var program = WordCountProgram.StartCommand(
            directory,
            WordCountProgram.Host, Path.Combine(AppContext.BaseDirectory, "Dpark.Orleans.Workloads.dll"), "--size", "smoke", "--rounds", "2", "--json", path);

        var result = await program.WaitAsync();

        Assert.True(result.ExitCode == 0, result.ToString());
        using var rows = JsonDocument.Parse(await File.ReadAllTextAsync(path));
        Assert.Equal(Names, rows.RootElement.EnumerateArray().Select(row => row.GetProperty("workload").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(rows.RootElement.EnumerateArray(), row =>
        {
            Assert.Equal(
                ["workload", "engineSeconds", "baselineSeconds", "ratio", "records", "inputBytes", "peakBytes", "spilledBytes", "check"],
                row.EnumerateObject().Select(property => property.Name));
            Assert.True(row.GetProperty("engineSeconds").GetDouble() > 0);
            Assert.NotEqual("", row.GetProperty("check").GetString());
        });
    }
}
