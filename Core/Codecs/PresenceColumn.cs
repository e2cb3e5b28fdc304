using System.Numerics;

namespace Dpark.Codecs;

/// <summary>
/// Which values of a column are there: one byte 0 if all are, else one byte 1 and a bit per value, lowest bit first, 1 for a value that is there.
/// </summary>
internal readonly ref struct PresenceColumn
{
    private readonly ReadOnlySpan<byte> _bitmap;

    private PresenceColumn(ReadOnlySpan<byte> bitmap, int presentCount, bool allPresent)
    {
        _bitmap = bitmap;
        PresentCount = presentCount;
        AllPresent = allPresent;
    }

    /// <summary>How many values are there.</summary>
    public int PresentCount { get; }

    /// <summary>Whether no value is missing, so that nothing has to be moved.</summary>
    public bool AllPresent { get; }

    /// <summary>Whether value <paramref name="index"/> is there. Not asked if <see cref="AllPresent"/>.</summary>
    public bool this[int index] => (_bitmap[index >> 3] >> (index & 7) & 1) != 0;

    /// <summary>Appends the column of references.</summary>
    /// <returns>How many are there.</returns>
    public static int Encode<T>(ReadOnlySpan<T> values, RecordBuffer output)
        where T : class?
    {
        var present = 0;
        foreach (var value in values)
        {
            present += value is null ? 0 : 1;
        }

        if (present == values.Length)
        {
            output.AppendByte(0);
            return present;
        }

        var bitmap = AppendBitmap(values.Length, output);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] is not null)
            {
                bitmap[i >> 3] |= (byte)(1 << (i & 7));
            }
        }

        return present;
    }

    /// <summary>Appends the column of nullable values.</summary>
    /// <returns>How many are there.</returns>
    public static int EncodeNullable<T>(ReadOnlySpan<T?> values, RecordBuffer output)
        where T : struct
    {
        var present = 0;
        foreach (ref readonly var value in values)
        {
            present += value.HasValue ? 1 : 0;
        }

        if (present == values.Length)
        {
            output.AppendByte(0);
            return present;
        }

        var bitmap = AppendBitmap(values.Length, output);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i].HasValue)
            {
                bitmap[i >> 3] |= (byte)(1 << (i & 7));
            }
        }

        return present;
    }

    /// <summary>Reads the column of <paramref name="count"/> values.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static PresenceColumn Decode(ref RecordInput input, int count)
    {
        switch (input.ReadByte())
        {
            case 0:
                return new PresenceColumn(default, count, allPresent: true);
            case 1:
                var bitmap = input.ReadBytes((count + 7) >> 3);
                var present = 0;
                foreach (var bits in bitmap)
                {
                    present += BitOperations.PopCount(bits);
                }

                if ((count & 7) != 0 && bitmap[^1] >> (count & 7) != 0)
                {
                    RecordErrors.ThrowDamaged("more null marks than values");
                }

                return new PresenceColumn(bitmap, present, allPresent: false);
            default:
                RecordErrors.ThrowDamaged("an unknown kind of null marks");
                return default;
        }
    }

    private static Span<byte> AppendBitmap(int count, RecordBuffer output)
    {
        output.AppendByte(1);
        var bitmap = output.Append((count + 7) >> 3);
        bitmap.Clear();
        return bitmap;
    }
}
