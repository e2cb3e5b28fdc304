using System.Runtime.InteropServices;
using System.Text;

namespace Dpark.Baselines;

/// <summary>Word count by hand, with one <see cref="string"/> per line and per word, as the engine's job has it. Reads UTF-8.</summary>
public static class WordCountBaseline
{
    private const int ChunkBytes = 4 << 20;

    /// <summary>Counts on threads of its own. They take chunks from one queue, so that they end together, and count into a dictionary each.</summary>
    /// <param name="threadCount">At least 1.</param>
    public static Dictionary<string, long> CountOnThreads(string path, int threadCount)
    {
        using var source = new LineChunks(path, ChunkBytes);
        var parts = new Dictionary<string, long>[threadCount];
        Threads.Run(threadCount, index => parts[index] = CountChunks(source));
        return Merge(parts);
    }

    private static Dictionary<string, long> CountChunks(LineChunks source)
    {
        var counts = new Dictionary<string, long>();
        var buffer = Array.Empty<byte>();
        while (source.TryTake(ref buffer, out var chunk))
        {
            using var reader = new StreamReader(new MemoryStream(buffer, chunk.Start, chunk.Count), Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
            while (reader.ReadLine() is { } line)
            {
                AddWords(counts, line);
            }
        }

        return counts;
    }

    private static void AddWords(Dictionary<string, long> counts, string line)
    {
        foreach (var word in line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, word, out _)++;
        }
    }

    private static Dictionary<string, long> Merge(Dictionary<string, long>[] parts)
    {
        var largest = parts.MaxBy(part => part.Count)!;
        foreach (var part in parts)
        {
            if (part == largest)
            {
                continue;
            }

            foreach (var (word, count) in part)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(largest, word, out _) += count;
            }
        }

        return largest;
    }
}
