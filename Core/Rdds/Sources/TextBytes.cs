using Microsoft.Win32.SafeHandles;

namespace Dpark.Rdds.Sources;

/// <summary>The bytes of a file for a <see cref="TextPieceReader{T}"/>, in order. Used by one thread.</summary>
internal abstract class TextBytes : IDisposable
{
    /// <summary>Opens the file of a piece, just before its first byte if it is not the first of the file.</summary>
    /// <exception cref="IOException">The file is not there any more or cannot be read.</exception>
    public static TextBytes Open(TextPiece piece) =>
        piece.IsCompressed
            ? new GzipBytes(piece.Path, piece.StoredBegin, Math.Max(piece.Begin - 1, 0) - piece.ContentBegin)
            : new FileBytes(piece.Path, Math.Max(piece.Begin - 1, 0));

    /// <summary>Opens a file that is not compressed, from one of its bytes on.</summary>
    /// <exception cref="IOException">The file is not there any more or cannot be read.</exception>
    public static TextBytes OpenAt(string path, long offset) => new FileBytes(path, offset);

    /// <summary>Fills the buffer as far as there are bytes.</summary>
    /// <returns>How many; 0 at the end.</returns>
    public abstract int Read(Span<byte> buffer);

    /// <summary>Bytes of the file that were read since the last call; of a compressed one as they are stored.</summary>
    public abstract long TakeBytesRead();

    /// <summary>Goes to another byte, if it is this file and can be read from anywhere.</summary>
    public virtual bool TryMoveTo(string path, long offset) => false;

    public abstract void Dispose();

    private sealed class FileBytes(string path, long offset) : TextBytes
    {
        private readonly SafeFileHandle _file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);

        private readonly string _path = path;
        private long _offset = offset;
        private long _taken = offset;

        public override int Read(Span<byte> buffer)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(_file, buffer[total..], _offset);
                if (read == 0)
                {
                    break;
                }

                total += read;
                _offset += read;
            }

            return total;
        }

        public override long TakeBytesRead()
        {
            var taken = _offset - _taken;
            _taken = _offset;
            return taken;
        }

        public override bool TryMoveTo(string path, long offset)
        {
            if (path != _path)
            {
                return false;
            }

            _taken += offset - _offset;
            _offset = offset;
            return true;
        }

        public override void Dispose() => _file.Dispose();
    }

    /// <summary>A file of one or more gzip members.</summary>
    private sealed class GzipBytes : TextBytes
    {
        private const int SkippedAtOnce = 64 << 10;

        private readonly GzipMembers _members;
        private long _taken;

        /// <param name="offset">Where a member begins.</param>
        /// <param name="skipped">Bytes of its content that are not wanted.</param>
        public GzipBytes(string path, long offset, long skipped)
        {
            _members = new GzipMembers(path, offset);
            _taken = offset;
            var buffer = new byte[Math.Min(skipped, SkippedAtOnce)];
            for (var rest = skipped; rest > 0; rest -= buffer.Length)
            {
                _members.Read(buffer.AsSpan(0, (int)Math.Min(rest, buffer.Length)));
            }
        }

        public override int Read(Span<byte> buffer) => _members.Read(buffer);

        public override long TakeBytesRead()
        {
            var taken = Math.Max(0, _members.Position - _taken);
            _taken += taken;
            return taken;
        }

        public override void Dispose() => _members.Dispose();
    }
}
