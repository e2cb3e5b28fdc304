using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>Gives each line as a part of the read buffer, which lives until the next lines need the buffer. Bytes that are not valid stay as they are.</summary>
internal sealed class Utf8PieceReader(TextPiece piece, TaskContext context) : TextPieceReader<Utf8Text>(piece, context)
{
    private ByteBlock? _block;

    protected override string FateOfInvalidBytes => "Such bytes are passed on as they are";

    protected override int ReadLines(Span<Utf8Text> lines)
    {
        var count = 0;
        for (; count < lines.Length && TryNextLine(mayFill: count == 0, out var start, out var end); count++)
        {
            _block ??= new ByteBlock(Buffer);
            if (!Utf8Text.TryMove(ref lines[count], _block, start, end - start))
            {
                lines[count] = new Utf8Text(_block, start, end - start);
            }
        }

        return count;
    }

    protected override void BeforeBufferChanges()
    {
        _block?.Retire();
        _block = null;
    }
}
