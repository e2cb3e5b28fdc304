using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sinks;

/// <summary>Writes the bytes of texts, each with a line feed behind it, or of slices as they are.</summary>
/// <typeparam name="T"><see cref="Utf8Text"/> or <see cref="ByteSlice"/>.</typeparam>
internal sealed class SliceFileSink<T>(string stagingPath, bool isCompressed) : FileSink<T>(stagingPath, isCompressed)
{
    private const int BufferBytes = 256 << 10;

    protected override void Write(BatchReader<T> input, Stream output, TaskContext context)
    {
        var buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
        var used = 0;
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            foreach (ref readonly var slice in Slices(batch))
            {
                var bytes = slice.Span;
                if (buffer.Length - used <= bytes.Length)
                {
                    output.Write(buffer, 0, used);
                    used = 0;
                    buffer = buffer.Length > bytes.Length ? buffer : GC.AllocateUninitializedArray<byte>(bytes.Length + 1);
                }

                bytes.CopyTo(buffer.AsSpan(used));
                used += bytes.Length;
                if (typeof(T) == typeof(Utf8Text))
                {
                    buffer[used++] = (byte)'\n';
                }
            }

            context.Metrics.OutputRecords += batch.Length;
        }

        output.Write(buffer, 0, used);
    }

    private static ReadOnlySpan<ByteSlice> Slices(ReadOnlySpan<T> values) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(values)), values.Length);
}
