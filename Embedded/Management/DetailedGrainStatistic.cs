namespace Orleans.Runtime;

/// <summary>One active grain.</summary>
[GenerateSerializer, Alias("orleans.DetailedGrainStatistic")]
public sealed class DetailedGrainStatistic
{
    /// <summary>Full name of its class.</summary>
    [Id(0)]
    public string GrainType { get; set; } = "";

    /// <summary>Where it is.</summary>
    [Id(1)]
    public SiloAddress SiloAddress { get; set; } = null!;

    /// <summary>Which it is.</summary>
    [Id(2)]
    public GrainId GrainId { get; set; }
}
