using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Actions;

/// <summary>The first elements of each partition, at most a given number; reads no more batches than that needs.</summary>
internal sealed class HeadRdd<T>(Rdd<T> parent, int count, CallSite callSite) : NarrowRdd<T, T>(parent, callSite)
{
    protected override BatchReader<T> Compute(Partition partition, TaskContext context) => new Reader(Parent.Read(partition, context), count);

    private sealed class Reader(BatchReader<T> source, int count) : BatchReader<T>
    {
        private int _left = count;

        public override ReadOnlySpan<T> Next()
        {
            if (_left == 0)
            {
                return default;
            }

            var batch = source.Next();
            batch = batch[..Math.Min(batch.Length, _left)];
            _left -= batch.Length;
            return batch;
        }

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            base.Dispose(disposing);
        }
    }
}
