using Dpark.Rdds.Actions;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>A uniform sample of the keys of a partition, each with the number of elements that it stands for. The same elements in the same order give the same sample.</summary>
/// <param name="elementWeight">How many elements each that is read stands for.</param>
internal sealed class SampleSummary<T, TKey>(Func<T, TKey> keySelector, int sampleCount, double elementWeight) : PartitionSummary<T, (TKey Key, double Weight)>
{
    public override (TKey Key, double Weight)[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var random = new Random(partitionIndex);
        var samples = new List<T>();
        var seen = 0L;

        // Reservoir sampling by gaps: between two replacements, elements are skipped without a random number for each.
        var threshold = 0.0;
        var nextReplacement = (long)sampleCount;
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            var i = 0;
            for (; samples.Count < sampleCount && i < batch.Length; i++)
            {
                samples.Add(BorrowedBytes<T>.Keep(batch[i]));
            }

            if (samples.Count == sampleCount && threshold == 0)
            {
                threshold = Math.Exp(Math.Log(1 - random.NextDouble()) / sampleCount);
                nextReplacement += Gap(random, threshold);
            }

            for (; nextReplacement < seen + batch.Length && samples.Count == sampleCount; nextReplacement += 1 + Gap(random, threshold))
            {
                samples[random.Next(sampleCount)] = BorrowedBytes<T>.Keep(batch[(int)(nextReplacement - seen)]);
                threshold *= Math.Exp(Math.Log(1 - random.NextDouble()) / sampleCount);
            }

            seen += batch.Length;
        }

        var weight = samples.Count == 0 ? 0 : elementWeight * seen / samples.Count;
        return [.. samples.Select(sample => (keySelector(sample), weight))];
    }

    private static long Gap(Random random, double threshold) =>
        (long)Math.Min(Math.Floor(Math.Log(1 - random.NextDouble()) / Math.Log(1 - threshold)), long.MaxValue / 4);
}
