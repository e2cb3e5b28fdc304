namespace Dpark.Tests.Process.Documents;

public sealed class ConfigurationDocumentTests
{
    [Fact]
    public async Task ConfigurationDocument_OptionsAsTheyAre_SaysTheSame()
    {
        var path = Path.Combine(Repository.Root, "docs", "configuration.md");
        var expected = OptionsTable.Write();
        if (Environment.GetEnvironmentVariable("DPARK_UPDATE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(path, expected);
        }

        var actual = await File.ReadAllTextAsync(path);

        Assert.True(expected == actual, $"{path} differs from the options. Run this test with DPARK_UPDATE_DOCS=1 and commit what it writes.");
    }

    [Fact]
    public void ConfigurationDocument_EveryKey_SaysItsDefault()
    {
        var keys = OptionsTable.Write().Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToArray();

        Assert.True(keys.Length > 30, $"Only {keys.Length} keys.");
        Assert.All(keys, line => Assert.Contains("Default", line, StringComparison.Ordinal));
    }
}
