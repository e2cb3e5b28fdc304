using System.Buffers.Binary;

namespace Dpark.TestKit;

/// <summary>Makes text whose words are spread as in natural language: the n-th word comes with a frequency of about 1/n. The same seed gives the same bytes everywhere.</summary>
/// <remarks>
/// ASCII; words of 3, 5 and 7 letters, 4.7 on average, with one space between them; 4 to 19 words a line. About 500 MB/s, so that data can be made
/// when it is needed. Not thread-safe.
/// </remarks>
public sealed class ZipfText
{
    private const int DefaultWordCount = 200_000;
    private const int MaxLineBytes = 20 * 8;
    private const string Consonants = "bcdfghjklmnprstvwxyz";
    private const string Vowels = "aeiou";

    private readonly (ulong Bytes, int Count)[] _words;
    private readonly (uint Threshold, int Alias)[] _columns;
    private ulong _state;

    /// <param name="wordCount">How many different words there are. From 1 to 1,010,100.</param>
    public ZipfText(ulong seed, int wordCount = DefaultWordCount)
    {
        _state = seed;
        _words = new (ulong, int)[wordCount];
        for (var rank = 0; rank < wordCount; rank++)
        {
            _words[rank] = Spell(rank);
        }

        _columns = AliasTable(wordCount);
    }

    /// <summary>Writes whole lines until there are at least so many bytes.</summary>
    /// <returns>The bytes written, fewer than <paramref name="minBytes"/> plus one line.</returns>
    public long Write(Stream output, long minBytes)
    {
        var buffer = new byte[1 << 20];
        var written = 0L;
        while (written < minBytes)
        {
            var filled = 0;
            while (filled <= buffer.Length - MaxLineBytes && written + filled < minBytes)
            {
                filled += WriteLine(buffer.AsSpan(filled));
            }

            output.Write(buffer, 0, filled);
            written += filled;
        }

        return written;
    }

    /// <summary>Writes a new file, as <see cref="Write"/> does.</summary>
    public long WriteFile(string path, long minBytes)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        return Write(file, minBytes);
    }

    private int WriteLine(Span<byte> target)
    {
        var wordCount = 4 + (int)(Next() & 15);
        var length = 0;
        for (var i = 0; i < wordCount; i++)
        {
            var random = Next();
            var column = (int)Math.BigMul(random, (ulong)_columns.Length, out _);
            var (threshold, alias) = _columns[column];
            var (bytes, count) = _words[(uint)random < threshold ? column : alias];
            BinaryPrimitives.WriteUInt64LittleEndian(target[length..], bytes);
            length += count;
        }

        target[length - 1] = (byte)'\n';
        return length;
    }

    // SplitMix64. Written here because the text must not change with the library.
    private ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    // Syllables and a last consonant, then the space that follows: at most eight bytes, which are copied as one number.
    private static (ulong Bytes, int Count) Spell(int rank)
    {
        Span<byte> word = stackalloc byte[8];
        var length = 0;
        var rest = rank;
        do
        {
            word[length++] = (byte)Consonants[rest % Consonants.Length];
            rest /= Consonants.Length;
            word[length++] = (byte)Vowels[rest % Vowels.Length];
            rest = (rest / Vowels.Length) - 1;
        }
        while (rest >= 0);

        word[length++] = (byte)Consonants[rank * 7 % Consonants.Length];
        word[length++] = (byte)' ';
        return (BinaryPrimitives.ReadUInt64LittleEndian(word), length);
    }

    /// <summary>Walker's method: each column is chosen with the same probability and holds at most two words.</summary>
    private static (uint Threshold, int Alias)[] AliasTable(int wordCount)
    {
        var scaled = new double[wordCount];
        var sum = 0.0;
        for (var rank = 0; rank < wordCount; rank++)
        {
            sum += scaled[rank] = 1.0 / (rank + 1);
        }

        var columns = new (uint, int)[wordCount];
        var small = new Stack<int>();
        var large = new Stack<int>();
        for (var rank = 0; rank < wordCount; rank++)
        {
            scaled[rank] *= wordCount / sum;
            columns[rank] = (uint.MaxValue, rank);
            (scaled[rank] < 1 ? small : large).Push(rank);
        }

        while (small.Count > 0 && large.TryPop(out var donor))
        {
            var taker = small.Pop();
            columns[taker] = ((uint)(scaled[taker] * uint.MaxValue), donor);
            scaled[donor] -= 1 - scaled[taker];
            (scaled[donor] < 1 ? small : large).Push(donor);
        }

        return columns;
    }
}
