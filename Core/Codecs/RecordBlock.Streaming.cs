using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Dpark.Codecs;

public static partial class RecordBlock
{
    /// <summary>Reads a block from a stream in batches, holding one batch at a time.</summary>
    /// <param name="stream">At the start of the block. The caller's to dispose.</param>
    /// <param name="length">Bytes of the block: bounds what is allocated for a batch.</param>
    /// <exception cref="InvalidDataException">On reading: the bytes are not a record block of <typeparamref name="T"/>, or they are damaged.</exception>
    /// <exception cref="IOException">On reading: the stream failed or ended early.</exception>
    public static async IAsyncEnumerable<ReadOnlyMemory<T>> ReadAsync<T>(
        Stream stream, long length, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var codec = RecordCodec<T>.Default;
        var decoder = new RecordBatchDecoder<T>(codec);
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            await stream.ReadExactlyAsync(buffer.AsMemory(0, HeaderLength), cancellationToken).ConfigureAwait(false);
            CheckHeader(codec, buffer.AsSpan(0, HeaderLength));
            var left = length - HeaderLength;
            while (true)
            {
                await stream.ReadExactlyAsync(buffer.AsMemory(0, BatchHeaderLength), cancellationToken).ConfigureAwait(false);
                left -= BatchHeaderLength;
                var bytes = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(4));
                if (bytes < 0 || bytes > left)
                {
                    RecordErrors.ThrowTruncated(bytes, (int)Math.Clamp(left, 0, int.MaxValue));
                }

                left -= bytes;
                var total = BatchHeaderLength + bytes;
                if (total > buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(total);
                    buffer.AsSpan(0, BatchHeaderLength).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                await stream.ReadExactlyAsync(buffer.AsMemory(BatchHeaderLength, bytes), cancellationToken).ConfigureAwait(false);
                var records = Decode(decoder, buffer.AsSpan(0, total));
                if (records.Length == 0)
                {
                    break;
                }

                yield return records;
            }

            if (left != 0)
            {
                RecordErrors.ThrowDamaged($"{left} bytes behind the end mark");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The decoder's own array is used again for the next batch.
    private static T[] Decode<T>(RecordBatchDecoder<T> decoder, ReadOnlySpan<byte> bytes)
    {
        var input = new RecordInput(bytes);
        return decoder.Next(ref input).ToArray();
    }
}
