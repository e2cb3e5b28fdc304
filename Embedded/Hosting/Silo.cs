namespace Orleans.Runtime;

/// <summary>A silo, as its services see it.</summary>
public sealed class Silo
{
    private readonly ILocalSiloDetails _details;

    /// <summary>A silo with its services.</summary>
    public Silo(ILocalSiloDetails siloDetails, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(siloDetails);
        ArgumentNullException.ThrowIfNull(services);
        _details = siloDetails;
        Services = services;
    }

    /// <summary>The address of the silo.</summary>
    public SiloAddress SiloAddress => _details.SiloAddress;

    internal IServiceProvider Services { get; }

    /// <inheritdoc/>
    public override string ToString() => SiloAddress.ToString();
}
