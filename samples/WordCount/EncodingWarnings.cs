using Dpark.Jobs;
using Dpark.Rdds.Sources;
using Dpark.Scheduling;

namespace WordCount;

/// <summary>Gathers what tasks say about text that is not UTF-8, to print one warning, about the first such place, however many there are.</summary>
/// <param name="files">In the order in which they are read.</param>
internal sealed class EncodingWarnings(IReadOnlyList<InputFile> files) : IJobListener
{
    // Listeners are told from one thread at a time, and the jobs have ended when this is read.
    private readonly HashSet<string> _texts = [];

    public void OnWarning(JobId job, string text) => _texts.Add(text);

    /// <summary>Prints the warning about the first file, and the first place in it. Nothing if there is none.</summary>
    public void PrintFirst()
    {
        // Each text begins with the path. Two about one file differ in the offset only, so the shorter one has the smaller number.
        var first = files
            .SelectMany(file => _texts
                .Where(text => text.StartsWith($"{file.Path} ", StringComparison.Ordinal))
                .OrderBy(text => text.Length)
                .ThenBy(text => text, StringComparer.Ordinal))
            .FirstOrDefault();
        if (first is not null)
        {
            Console.Error.WriteLine($"Warning: {first}");
        }
    }
}
