namespace Dpark.Partitioning;

/// <summary>Puts keys where DPark puts them: <see cref="PortableHash"/> modulo the number of partitions, or between thresholds of the hash.</summary>
/// <remarks>For data that DPark partitioned, or will read. Slower than <see cref="HashPartitioner"/>, and fewer key types.</remarks>
public sealed class PortableHashPartitioner : Partitioner
{
    private readonly int _partitionCount;
    private readonly long[]? _thresholds;

    /// <summary>Makes a partitioner by modulo.</summary>
    /// <param name="partitionCount">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less.</exception>
    public PortableHashPartitioner(int partitionCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 1);
        _partitionCount = partitionCount;
    }

    /// <summary>Makes a partitioner by thresholds, with one partition more than there are thresholds: for skewed keys.</summary>
    /// <param name="thresholds">Hash values, ascending. A key whose hash is a threshold goes behind it.</param>
    /// <exception cref="ArgumentException">They are not ascending.</exception>
    public PortableHashPartitioner(IReadOnlyList<long> thresholds)
    {
        ArgumentNullException.ThrowIfNull(thresholds);
        _thresholds = [.. thresholds];
        for (var i = 1; i < _thresholds.Length; i++)
        {
            if (_thresholds[i - 1] > _thresholds[i])
            {
                throw new ArgumentException(
                    $"Threshold {i} is {_thresholds[i]} and the one before it {_thresholds[i - 1]}. Give them in ascending order.", nameof(thresholds));
            }
        }

        _partitionCount = _thresholds.Length + 1;
    }

    /// <inheritdoc/>
    public override int PartitionCount => _partitionCount;

    /// <inheritdoc/>
    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            partitions[i] = PartitionOf(PortableHash.Of(keys[i]));
        }
    }

    /// <inheritdoc/>
    public override bool Equals(Partitioner? other) =>
        other is PortableHashPartitioner portable &&
        portable._partitionCount == _partitionCount &&
        portable._thresholds.AsSpan().SequenceEqual(_thresholds) &&
        portable._thresholds is null == _thresholds is null;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_partitionCount, _thresholds?.Length);

    private int PartitionOf(long hash)
    {
        if (_thresholds is null)
        {
            var remainder = (int)(hash % _partitionCount);
            return remainder < 0 ? remainder + _partitionCount : remainder;
        }

        int low = 0, high = _thresholds.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_thresholds[middle] <= hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
