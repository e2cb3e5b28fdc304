using Dpark.Rdds;

namespace Dpark.Codecs;

/// <summary>Records as bytes: the form of results, slices of collections and broadcast data. <c>docs/formats/record-block.md</c> states every byte.</summary>
public static class RecordBlock
{
    /// <summary>Encodes records into one block.</summary>
    /// <exception cref="UnsupportedRecordTypeException"><typeparamref name="T"/> cannot be coded.</exception>
    public static byte[] Encode<T>(ReadOnlySpan<T> records) => throw new NotSupportedException();

    /// <summary>Reads a block in batches.</summary>
    /// <exception cref="InvalidDataException">On reading: the bytes are not a record block of <typeparamref name="T"/>, or they are damaged.</exception>
    public static BatchReader<T> Open<T>(ReadOnlyMemory<byte> block) => throw new NotSupportedException();
}

/// <summary>Collects records into one block. Not thread-safe.</summary>
public sealed class RecordBlockWriter<T> : IDisposable
{
    /// <summary>Records written so far.</summary>
    public long RecordCount => throw new NotSupportedException();

    /// <summary>Bytes encoded so far.</summary>
    public long Length => throw new NotSupportedException();

    /// <summary>Adds records.</summary>
    public void Write(ReadOnlySpan<T> records) => throw new NotSupportedException();

    /// <summary>Ends the block and returns its bytes. The writer can only be disposed afterwards.</summary>
    public byte[] ToArray() => throw new NotSupportedException();

    /// <summary>Returns the buffers.</summary>
    public void Dispose()
    {
    }
}
