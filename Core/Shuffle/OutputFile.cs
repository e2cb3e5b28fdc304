using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>A new file that is written from its start to its end, with few calls of the file system: each costs as much as the copy of a hundred kilobytes. Used by one thread.</summary>
internal sealed class OutputFile(string path) : IDisposable
{
    private const int BufferBytes = 64 << 10;
    private const int LaterBytes = 2 << 20;
    private const int MostLater = 256;

    private readonly SafeFileHandle _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    // What goes to the file with the next call, behind what is in the buffer.
    private readonly List<ReadOnlyMemory<byte>> _later = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _bufferedBytes;
    private long _laterBytes;
    private long _position;

    /// <summary>Appends bytes, which the caller may change afterwards.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_later.Count > 0 || (_bufferedBytes > 0 && bytes.Length > _buffer.Length - _bufferedBytes))
        {
            Flush();
        }

        if (bytes.Length < _buffer.Length)
        {
            bytes.CopyTo(_buffer.AsSpan(_bufferedBytes));
            _bufferedBytes += bytes.Length;
        }
        else
        {
            RandomAccess.Write(_file, bytes, _position);
            _position += bytes.Length;
        }
    }

    /// <summary>Appends bytes without a copy.</summary>
    /// <param name="bytes">Stay as they are until <see cref="Flush"/>.</param>
    public void WriteLater(ReadOnlyMemory<byte> bytes)
    {
        _later.Add(bytes);
        _laterBytes += bytes.Length;
        if (_laterBytes >= LaterBytes || _later.Count == MostLater)
        {
            Flush();
        }
    }

    /// <summary>Gives the file all bytes that wait.</summary>
    public void Flush()
    {
        if (_bufferedBytes > 0)
        {
            _later.Insert(0, _buffer.AsMemory(0, _bufferedBytes));
        }

        RandomAccess.Write(_file, _later, _position);
        _position += _bufferedBytes + _laterBytes;
        _later.Clear();
        (_bufferedBytes, _laterBytes) = (0, 0);
    }

    /// <summary>Closes the file, without what waits.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }
}
