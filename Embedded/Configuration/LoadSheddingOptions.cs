namespace Orleans.Configuration;

/// <summary>When gateways refuse the requests of clients, so that a silo with too much to do can catch up.</summary>
public class LoadSheddingOptions
{
    /// <summary>Whether they do. Default: no.</summary>
    public bool LoadSheddingEnabled { get; set; }

    /// <summary>Percent of the processors above which they do, from 0 to 100. Default: 95.</summary>
    public int CpuThreshold { get; set; } = 95;

    /// <summary>Percent of the memory above which they do, from 0 to 100. Default: 90.</summary>
    public int MemoryThreshold { get; set; } = 90;

    /// <summary>The older name of <see cref="CpuThreshold"/>.</summary>
    public int LoadSheddingLimit
    {
        get => CpuThreshold;
        set => CpuThreshold = value;
    }
}
