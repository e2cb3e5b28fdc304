using System.Diagnostics;
using System.Globalization;

namespace Dpark.TestKit;

/// <summary>Counts words by the distribution's awk: an answer that shares no code with the engine. Words are what awk's fields are, so the text should be ASCII.</summary>
public static class Awk
{
    private const string Program = "{ for (i = 1; i <= NF; i++) counts[$i]++ } END { for (word in counts) print word \"\\t\" counts[word] }";

    /// <summary>How often each word comes in some files.</summary>
    public static async Task<Dictionary<string, long>> CountAsync(params string[] paths)
    {
        var start = new ProcessStartInfo("awk") { RedirectStandardOutput = true, Environment = { ["LC_ALL"] = "C" } };
        start.ArgumentList.Add(Program);
        foreach (var path in paths)
        {
            start.ArgumentList.Add(path);
        }

        using var awk = Process.Start(start)!;
        var counts = ParseCounts(await awk.StandardOutput.ReadToEndAsync());
        await awk.WaitForExitAsync();
        return awk.ExitCode == 0 ? counts : throw new InvalidOperationException($"awk ended with exit code {awk.ExitCode} on {string.Join(", ", paths)}.");
    }

    /// <summary>Reads lines of a word, a tab and a count. A word that comes twice fails.</summary>
    public static Dictionary<string, long> ParseCounts(string text) => text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split('\t'))
        .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture));
}
