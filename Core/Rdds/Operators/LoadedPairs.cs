using Dpark.Memory;

namespace Dpark.Rdds.Operators;

/// <summary>The pairs of one side of a join that are in memory. Used by one thread.</summary>
internal abstract class LoadedPairs<TKey, TValue> : IDisposable
{
    /// <summary>Whether another batch could exceed what may be held. Not asked while there are none.</summary>
    public abstract bool IsFull { get; }

    /// <summary>Pairs there are.</summary>
    public abstract long PairCount { get; }

    /// <summary>All pairs, in any order. Nothing is added afterwards.</summary>
    public abstract BatchReader<(TKey Key, TValue Value)> Read();

    /// <summary>The failure of a task whose pairs do not fit and cannot be spilled.</summary>
    public abstract MemoryExhaustedException Exhausted();

    /// <summary>Returns the memory.</summary>
    public abstract void Dispose();

    /// <summary>As <see cref="Read"/>. Returns the memory when it is disposed.</summary>
    public BatchReader<(TKey Key, TValue Value)> ReadOut() => new LastReader(this);

    private sealed class LastReader(LoadedPairs<TKey, TValue> pairs) : BatchReader<(TKey Key, TValue Value)>
    {
        private readonly BatchReader<(TKey Key, TValue Value)> _reader = pairs.Read();

        public override ReadOnlySpan<(TKey Key, TValue Value)> Next() => _reader.Next();

        protected override void Dispose(bool disposing)
        {
            pairs.Dispose();
            base.Dispose(disposing);
        }
    }
}
