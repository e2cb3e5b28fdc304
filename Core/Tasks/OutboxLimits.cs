namespace Dpark.Tasks;

/// <summary>How much one poll of an outbox returns.</summary>
/// <param name="MaxCount">Most reports. At least 1.</param>
/// <param name="MaxBytes">Bytes after which no further report is added; estimated. One report is always returned, whatever its size.</param>
public readonly record struct OutboxLimits(int MaxCount, int MaxBytes)
{
    /// <summary>4,096 reports, 512 KiB: well below the largest grain message.</summary>
    public static OutboxLimits Default => new(4096, 512 << 10);
}
