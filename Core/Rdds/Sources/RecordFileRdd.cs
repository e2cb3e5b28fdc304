using Dpark.Caching;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>The records of files of records of one length, as slices of the read buffers.</summary>
internal sealed class RecordFileRdd(IRddContext context, string[] paths, int recordBytes, TextFileOptions options, CallSite callSite)
    : FileRdd<ByteSlice>(context, paths, options, callSite)
{
    protected override BatchReader<ByteSlice> Compute(Partition partition, TaskContext context) =>
        new RecordPartitionReader(
            partition is RecordSamplePartition sample ? sample.Choose(recordBytes) : ((TextPartition)partition).Pieces, recordBytes, CallSite, context);

    internal override Partition[]? FindSample(int placeCount)
    {
        if (StorageLevel != StorageLevel.None)
        {
            return null;
        }

        Partition[] sample = [.. Partitions.Select(partition => RecordSamplePartition.Of((TextPartition)partition, recordBytes, placeCount))];
        return Array.Exists(sample, partition => partition is RecordSamplePartition) ? sample : null;
    }

    protected override Partition[] Cut(InputFile[] files, TextFileOptions options)
    {
        foreach (var file in files)
        {
            if (file.Length % recordBytes != 0)
            {
                throw new InvalidDataException(
                    $"{file.Path} has {file.Length} bytes, which are no whole number of records of {recordBytes} bytes. Check the length of the records and the file.");
            }
        }

        return TextPartitioning.Cut(files, options, Context, recordBytes);
    }
}
