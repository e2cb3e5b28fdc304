using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Connections.Security;

namespace Orleans.Hosting;

/// <summary>Secures the connections of silos and clients. All processes of a cluster switch together; of several calls the last one counts.</summary>
public static class OrleansConnectionSecurityHostingExtensions
{
    private const string NoCertificate = "No certificate specified";

    /// <summary>Secures the connections with a certificate of the system's store.</summary>
    /// <exception cref="InvalidOperationException">There is none of that subject.</exception>
    public static ISiloBuilder UseTls(
        this ISiloBuilder builder, StoreName storeName, string subject, bool allowInvalid, StoreLocation location, Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.UseTls(CertificateLoader.LoadFromStoreCert(subject, storeName.ToString(), location, allowInvalid, server: true), configureOptions);
    }

    /// <summary>Secures the connections with a certificate.</summary>
    public static ISiloBuilder UseTls(this ISiloBuilder builder, X509Certificate2 certificate, Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.UseTls(options => Set(options, certificate, configureOptions));
    }

    /// <summary>Secures the connections with a certificate.</summary>
    public static ISiloBuilder UseTls(this ISiloBuilder builder, X509Certificate2 certificate) => builder.UseTls(certificate, static _ => { });

    /// <summary>Secures the connections.</summary>
    /// <exception cref="InvalidOperationException">There is no certificate to show.</exception>
    public static ISiloBuilder UseTls(this ISiloBuilder builder, Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = Create(configureOptions);
        if (options is { LocalCertificate: null, LocalServerCertificateSelector: null })
        {
            throw new InvalidOperationException(NoCertificate);
        }

        builder.Services.AddSingleton(options);
        return builder;
    }

    /// <summary>Secures the connections with a certificate of the system's store.</summary>
    /// <exception cref="InvalidOperationException">There is none of that subject.</exception>
    public static IClientBuilder UseTls(
        this IClientBuilder builder, StoreName storeName, string subject, bool allowInvalid, StoreLocation location, Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.UseTls(CertificateLoader.LoadFromStoreCert(subject, storeName.ToString(), location, allowInvalid, server: false), configureOptions);
    }

    /// <summary>Secures the connections with a certificate.</summary>
    public static IClientBuilder UseTls(this IClientBuilder builder, X509Certificate2 certificate, Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.UseTls(options => Set(options, certificate, configureOptions));
    }

    /// <summary>Secures the connections with a certificate.</summary>
    public static IClientBuilder UseTls(this IClientBuilder builder, X509Certificate2 certificate) => builder.UseTls(certificate, static _ => { });

    /// <summary>Secures the connections.</summary>
    /// <exception cref="InvalidOperationException">There is no certificate to show, and <see cref="TlsOptions.ClientCertificateMode"/> requires one.</exception>
    public static IClientBuilder UseTls(this IClientBuilder builder, Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = Create(configureOptions);
        if (options is { LocalCertificate: null, ClientCertificateMode: RemoteCertificateMode.RequireCertificate })
        {
            throw new InvalidOperationException(NoCertificate);
        }

        builder.Services.AddSingleton(options);
        return builder;
    }

    private static TlsOptions Create(Action<TlsOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        var options = new TlsOptions();
        configureOptions(options);
        return options;
    }

    private static void Set(TlsOptions options, X509Certificate2 certificate, Action<TlsOptions> configureOptions)
    {
        options.LocalCertificate = certificate;
        configureOptions(options);
    }
}
