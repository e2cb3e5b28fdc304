using System.Text.Json;
using System.Text.RegularExpressions;

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

    [Fact]
    public async Task Workloads_Doubling_SaysHowMuchLongerTwiceTheDataTakes()
    {
        using var directory = new TestDirectory();
        var path = Path.Combine(directory.Path, "results.json");
        using var program = WordCountProgram.StartCommand(
            directory,
            WordCountProgram.Host, Path.Combine(AppContext.BaseDirectory, "Dpark.Orleans.Workloads.dll"),
            "--doubling", "--only", "W2,W3group,W5,W7", "--size", "smoke", "--rounds", "1", "--memory", "8", "--touch", "1", "--json", path);

        var result = await program.WaitAsync();

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("| workload | seconds | seconds at double | factor | goal | baseline factor | spilled MB | spilled MB at double |", Regex.Replace(result.Output, " +", " "), StringComparison.Ordinal);
        using var rows = JsonDocument.Parse(await File.ReadAllTextAsync(path));
        Assert.Equal(
            ["W2", "W3group", "W5", "W7-tasks"],
            rows.RootElement.EnumerateArray().Select(row => row.GetProperty("workload").GetString()!).Order(StringComparer.Ordinal));
        Assert.All(rows.RootElement.EnumerateArray(), row =>
        {
            Assert.Equal(
                ["workload", "seconds", "doubleSeconds", "factor", "goal", "baselineFactor", "records", "spilledBytes", "doubleSpilledBytes", "check", "doubleCheck"],
                row.EnumerateObject().Select(property => property.Name));
            Assert.Equal(row.GetProperty("doubleSeconds").GetDouble() / row.GetProperty("seconds").GetDouble(), row.GetProperty("factor").GetDouble(), 6);
            Assert.Equal(row.GetProperty("doubleSpilledBytes").GetInt64() > 0 ? 2.5 : 2.2, row.GetProperty("goal").GetDouble());
            Assert.NotEqual(row.GetProperty("check").GetString(), row.GetProperty("doubleCheck").GetString());
        });
    }

    [Theory]
    [InlineData("--rounds", "0", "--rounds must be at least 1.")]
    [InlineData("--memory", "0", "--memory must be at least 1.")]
    [InlineData("--touch", "-1", "--touch must be from 0 to ")]
    [InlineData("--touch", "2000000000", "half of the memory here.")]
    public async Task Workloads_NumberOutOfRange_IsRefused(string option, string value, string expected)
    {
        using var directory = new TestDirectory();
        using var program = WordCountProgram.StartCommand(
            directory, WordCountProgram.Host, Path.Combine(AppContext.BaseDirectory, "Dpark.Orleans.Workloads.dll"), "--only", "W5", "--size", "smoke", option, value);

        var result = await program.WaitAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(expected, result.ToString(), StringComparison.Ordinal);
    }
}
