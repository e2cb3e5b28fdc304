using System.Text;
using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>Gives each line as a string. Bytes that are not valid become replacement characters.</summary>
internal sealed class StringPieceReader(TextPiece piece, TaskContext context) : TextPieceReader<string>(piece, context)
{
    // Lines of a batch are alive together, and garbage collections copy what is alive: a few are enough to hide what a batch costs.
    private const int BatchBytes = 16 << 10;

    protected override string FateOfInvalidBytes => "Such bytes became replacement characters";

    protected override int ReadLines(Span<string> lines)
    {
        var count = 0;
        for (var bytes = 0; count < lines.Length && bytes < BatchBytes && TryNextLine(mayFill: true, out var start, out var end); count++)
        {
            lines[count] = Decode(start, end);
            bytes += end - start;
        }

        return count;
    }

    private string Decode(int start, int end)
    {
        var line = Buffer.AsSpan(start, end - start);
        if (line.Length > TextLimits.MostCharacters && (IsAscii || Encoding.UTF8.GetCharCount(line) is > TextLimits.MostCharacters or < 0))
        {
            ThrowTooLong(start);
        }

        return IsAscii ? Encoding.Latin1.GetString(line) : Encoding.UTF8.GetString(line);
    }
}
