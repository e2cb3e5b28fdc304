using Dpark.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Hosting;

namespace Dpark.Hosting;

/// <summary>Secures what a driver connects.</summary>
public static class DparkTlsClientBuilderExtensions
{
    /// <summary>
    /// Secures grain calls and the transfer of blocks with one certificate, which is loaded now. Does nothing if none is set. A <see cref="DparkContext"/> over this client takes it
    /// from the client's services.
    /// </summary>
    /// <param name="configure">Changes options after they were bound from the configuration section <c>Dpark:Security:Tls</c>.</param>
    /// <exception cref="OptionsValidationException">A file is missing or of no use; the message says why.</exception>
    public static IClientBuilder UseDparkTls(this IClientBuilder builder, Action<ClusterTlsOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (DparkTls.Load(builder.Services, builder.Configuration, configure) is { } tls)
        {
            builder.UseTls(options => DparkTls.Apply(tls, options));
        }

        return builder;
    }
}
