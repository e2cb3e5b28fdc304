using Dpark.Configuration;
using Dpark.Security;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Connections.Security;

namespace Dpark.Hosting;

/// <summary>What securing a silo and securing a client have in common.</summary>
internal static class DparkTls
{
    public const string Section = "Dpark:Security:Tls";

    /// <summary>Loads the certificates and adds them to the services, in the place of those of an earlier call.</summary>
    /// <returns><see langword="null"/> if none are set.</returns>
    public static ClusterTls? Load(IServiceCollection services, IConfiguration configuration, Action<ClusterTlsOptions>? configure)
    {
        var options = new ClusterTlsOptions();
        SectionBinder.Bind(configuration.GetSection(Section), options);
        configure?.Invoke(options);
        var tls = ClusterTls.Load(options);
        if (tls is not null)
        {
            services.AddSingleton(tls);
        }

        return tls;
    }

    /// <summary>Sets the options of grain connections: both sides show certificates.</summary>
    public static void Apply(ClusterTls tls, TlsOptions options)
    {
        options.LocalCertificate = tls.Certificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = tls.IsTrusted;
        options.OnAuthenticateAsClient = (connection, client) => client.TargetHost = tls.NameOf(connection.RemoteEndPoint);
    }
}
