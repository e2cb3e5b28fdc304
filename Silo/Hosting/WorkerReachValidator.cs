using System.Net;
using Dpark.Configuration;
using Dpark.Security;
using Dpark.Storage.Transfer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Dpark.Hosting;

/// <summary>
/// Refuses a worker that other machines can reach and that would let anyone in: submitting a job is running code, so it needs TLS and a secret. Thread-safe.
/// </summary>
/// <remarks>What counts is where the process listens, not the address that it tells others.</remarks>
/// <param name="services">Have <see cref="ClusterTls"/> if TLS is set up.</param>
internal sealed class WorkerReachValidator(IOptions<EndpointOptions> endpoints, IServiceProvider services) : IValidateOptions<DparkWorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, DparkWorkerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var open = FindOpen(options.BlockServer.ListenHost).ToList();
        if (options.Security.AllowInsecure || open.Count == 0)
        {
            return ValidateOptionsResult.Success;
        }

        var failures = new OptionFailures("Dpark:Security");
        var reason = $"other machines can reach {string.Join(", ", open)}, and whoever can submit a job can run code here; on a network where everybody may, set AllowInsecure to true";
        if (options.Security.ClusterSecret.Length == 0)
        {
            failures.Add(nameof(SecurityOptions.ClusterSecret), "empty", "a secret that all workers and drivers share", reason);
        }

        if (services.GetService<ClusterTls>() is null)
        {
            failures.Add(
                $"Tls:{nameof(ClusterTlsOptions.CertificateFile)}", "not set", "the file of a certificate, here or with UseDparkTls", reason);
        }

        return failures.Result;
    }

    /// <summary>What listens on more than loopback, as text for people.</summary>
    private IEnumerable<string> FindOpen(string blockServerHost)
    {
        var silo = endpoints.Value;
        var address = silo.SiloListeningEndpoint?.Address ?? silo.AdvertisedIPAddress;
        if (IsOpen(address))
        {
            yield return $"the silo on {new IPEndPoint(address!, silo.SiloListeningEndpoint?.Port ?? silo.SiloPort)}";
        }

        var gateway = silo.GatewayListeningEndpoint?.Address ?? silo.AdvertisedIPAddress;
        if (silo.GatewayPort != 0 && IsOpen(gateway))
        {
            yield return $"its gateway on {new IPEndPoint(gateway!, silo.GatewayListeningEndpoint?.Port ?? silo.GatewayPort)}";
        }

        if (!IsLoopback(blockServerHost))
        {
            yield return $"its block server on {blockServerHost}";
        }
    }

    private static bool IsOpen(IPAddress? address) => address is not null && !IPAddress.IsLoopback(address);

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (BlockEndpoint.TryParseAddress(host, out var address) && IPAddress.IsLoopback(address));
}
