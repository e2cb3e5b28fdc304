namespace Orleans.Configuration;

/// <summary>How silos find activations.</summary>
public class GrainDirectoryOptions
{
    /// <summary>How many found activations a silo remembers at most. Default: 1,000,000.</summary>
    public int CacheSize { get; set; } = 1_000_000;

    /// <summary>How long a wrong entry may be left in place. Default: 1 min.</summary>
    public TimeSpan LazyDeregistrationDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Over how many ranges the entries of one silo are spread. Default: 1.</summary>
    public int PartitionsPerSilo { get; set; } = 1;
}
