using System.Globalization;
using System.Net;
using Dpark.Clusters;
using Dpark.Configuration;

namespace Dpark.Hosting;

/// <summary>What the command line of the silo program says. Whatever is not set there comes from the configuration.</summary>
internal sealed record SiloSettings
{
    /// <summary>Which cluster the silo belongs to.</summary>
    public required string ClusterId { get; init; }

    /// <summary>Where other silos reach it. From 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>Where clients reach it. From 1 to 65535, not <see cref="Port"/>.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>Where the membership is; <see langword="null"/> for a cluster on this machine.</summary>
    public ClusterEndpoint? Redis { get; init; }

    /// <summary>The first silo of a cluster on this machine; <see langword="null"/> if it is this one.</summary>
    public ClusterEndpoint? Primary { get; init; }

    /// <summary>The address that others reach the silo by, and on which it listens.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>Roots of work directories, absolute, separated by commas; <see langword="null"/> if not set.</summary>
    public string? WorkDirectories { get; init; }

    /// <summary>Tasks at once; <see langword="null"/> if not set.</summary>
    public int? SlotCount { get; init; }

    /// <summary>Memory of the worker; <see langword="null"/> if not set.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The silo's certificate; <see langword="null"/> members come from the configuration.</summary>
    public ClusterTlsOptions? Tls { get; init; }

    /// <summary>It was started by another silo for tasks that may kill their process, and ends when its standard input does.</summary>
    public bool IsStandIn { get; init; }

    /// <summary>A file that holds the cluster's secret; <see langword="null"/> if not set.</summary>
    public string? SecretFile { get; init; }

    /// <summary>The command line that says the same.</summary>
    public IEnumerable<string> ToArguments()
    {
        (string Name, object? Value)[] all =
        [
            ("--cluster-id", ClusterId), ("--port", Port), ("--gateway-port", GatewayPort), ("--redis", Redis), ("--primary", Primary),
            ("--host", Redis is null ? null : Address), ("--work-dir", WorkDirectories), ("--cores", SlotCount), ("--memory", MemoryBytes), ("--secret-file", SecretFile),
            ("--tls-certificate", Tls?.CertificateFile), ("--tls-key", Tls?.KeyFile), ("--tls-ca", Tls?.TrustedFile), ("--tls-server-name", Tls?.ServerName),
        ];
        return
        [
            .. Redis is null ? ["--localhost"] : Array.Empty<string>(), .. IsStandIn ? ["--stand-in"] : Array.Empty<string>(),
            .. all.Where(option => option.Value is not null).SelectMany(option => new[] { option.Name, string.Create(CultureInfo.InvariantCulture, $"{option.Value}") }),
        ];
    }
}
