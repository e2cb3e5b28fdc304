using System.Buffers.Binary;
using Dpark.Rdds;

namespace Dpark.Codecs;

/// <summary>Records as bytes: the form of results, slices of collections and broadcast data. <c>docs/formats/record-block.md</c> states every byte.</summary>
public static partial class RecordBlock
{
    /// <summary>Bytes of a block without records; no block is shorter.</summary>
    internal const int EmptyLength = HeaderLength + BatchHeaderLength;

    /// <summary>Mark, version and shape.</summary>
    internal const int HeaderLength = 8;

    /// <summary>Records and bytes of a batch.</summary>
    internal const int BatchHeaderLength = 8;

    /// <summary><c>DRB</c> and the version, 2.</summary>
    private const int Mark = 0x02_42_52_44;

    /// <summary>Encodes records into one block.</summary>
    /// <exception cref="UnsupportedRecordTypeException"><typeparamref name="T"/> cannot be coded.</exception>
    public static byte[] Encode<T>(ReadOnlySpan<T> records)
    {
        using var writer = new RecordBlockWriter<T>();
        writer.Write(records);
        return writer.ToArray();
    }

    /// <summary>Reads a block in batches.</summary>
    /// <exception cref="InvalidDataException">On reading: the bytes are not a record block of <typeparamref name="T"/>, or they are damaged.</exception>
    public static BatchReader<T> Open<T>(ReadOnlyMemory<byte> block) => new RecordBlockReader<T>(block);

    /// <summary>Appends the header of a block.</summary>
    internal static void AppendHeader<T>(RecordCodec<T> codec, RecordBuffer output)
    {
        output.AppendInt32(Mark);
        output.AppendInt32(ShapeHash(codec));
    }

    /// <summary>Checks the header of a block.</summary>
    /// <exception cref="InvalidDataException">It is not one, or it is of another type.</exception>
    internal static void CheckHeader<T>(RecordCodec<T> codec, ReadOnlySpan<byte> header)
    {
        var mark = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (mark != Mark)
        {
            throw new InvalidDataException($"A record block starts with 0x{mark:X8}, not 0x{Mark:X8}. It is damaged, or another version wrote it.");
        }

        var shape = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        if (shape != ShapeHash(codec))
        {
            throw new InvalidDataException(
                $"A record block holds records of shape 0x{shape:X8}; {RecordTypeNames.Of(typeof(T))} has shape 0x{ShapeHash(codec):X8} ({codec.Shape}). " +
                "Writer and reader must have the same version of the type.");
        }
    }

    /// <summary>FNV-1a over the characters of the shape.</summary>
    internal static int ShapeHash<T>(RecordCodec<T> codec)
    {
        var hash = 2166136261u;
        foreach (var character in codec.Shape)
        {
            hash = (hash ^ character) * 16777619u;
        }

        return (int)hash;
    }
}
