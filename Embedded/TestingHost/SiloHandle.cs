using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>One silo of a test cluster.</summary>
public abstract class SiloHandle : IDisposable, IAsyncDisposable
{
    /// <summary>Options of the cluster.</summary>
    public TestClusterOptions ClusterOptions { get; set; } = null!;

    /// <summary>Number of the silo, from 0.</summary>
    public short InstanceNumber { get; set; }

    /// <summary>Name of the silo.</summary>
    public string Name { get; set; } = "";

    /// <summary>Address for silos.</summary>
    public SiloAddress SiloAddress { get; set; } = null!;

    /// <summary>Address for clients; null if it takes none.</summary>
    public SiloAddress? GatewayAddress { get; set; }

    /// <summary>Whether the silo runs.</summary>
    public abstract bool IsActive { get; }

    /// <summary>Stops the silo.</summary>
    /// <param name="stopGracefully">False: as if it were killed, but the membership is told.</param>
    public abstract Task StopSiloAsync(bool stopGracefully);

    /// <summary>Stops the silo.</summary>
    /// <param name="ct">When it fires, nothing more is waited for.</param>
    public abstract Task StopSiloAsync(CancellationToken ct);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({SiloAddress})";

    /// <summary>Stops the silo if it runs.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
