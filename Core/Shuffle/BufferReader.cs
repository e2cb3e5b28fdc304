using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Reads one bucket of a buffer in a given order. The buffer and the order stay with their owner.</summary>
internal sealed class BufferReader<TKey, TIn, TOut>(PairBuffer<TKey, TIn, TOut> buffer, KeyOrder order, int bucket) : BatchReader<(TKey Key, TOut Value)>
{
    private (TKey Key, TOut Value)[] _pairs = [];
    private int _position;

    public override ReadOnlySpan<(TKey Key, TOut Value)> Next()
    {
        var numbers = order.NumbersOf(bucket)[_position..];
        numbers = numbers[..Math.Min(numbers.Length, BatchReader.Capacity)];
        if (_pairs.Length < numbers.Length)
        {
            _pairs = new (TKey, TOut)[numbers.Length];
        }

        buffer.Read(numbers, _pairs);
        _position += numbers.Length;
        return _pairs.AsSpan(0, numbers.Length);
    }
}
