using System.Globalization;
using System.Text;
using Dpark.Jobs;
using Dpark.Rdds.Sources;

namespace WordCount;

/// <summary>What the user sees of the result.</summary>
internal static class Report
{
    /// <summary>Prints words with their counts on standard output, in UTF-8, whatever the terminal says.</summary>
    public static void Print(IEnumerable<(string Word, long Count)> words)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        foreach (var (word, count) in words)
        {
            output.Write(word);
            output.Write('\t');
            output.WriteLine(count.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Prints one line on standard error.</summary>
    public static void PrintSummary(IReadOnlyCollection<InputFile> files, long wordCount, TimeSpan elapsed, JobMetrics metrics)
    {
        var bytes = files.Sum(file => file.Length);
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{files.Count} files, {bytes} bytes, {wordCount} words, {elapsed.TotalSeconds:F2} seconds, {bytes / 1e6 / elapsed.TotalSeconds:F1} MB/s, " +
            $"{metrics.TaskCount} tasks, {metrics.ShuffleBytesWritten} bytes shuffled"));
    }
}
