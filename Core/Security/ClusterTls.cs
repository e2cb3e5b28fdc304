using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Dpark.Configuration;
using Microsoft.Extensions.Options;

namespace Dpark.Security;

/// <summary>
/// The certificate of this process and those that it trusts, loaded once, for everything that it connects: grain calls (<c>UseDparkTls</c>) and blocks. Both sides of every
/// connection show a certificate. Thread-safe.
/// </summary>
public sealed class ClusterTls : IDisposable
{
    /// <summary>Variable of the environment with the password of certificate or key. No option has it, so that it is in no file and on no command line.</summary>
    public const string PasswordVariable = "DPARK_TLS_PASSWORD";

    private readonly X509Certificate2Collection _issuers;
    private readonly X509Certificate2Collection _trusted;
    private readonly string? _serverName;
    private readonly SslStreamCertificateContext _shown;

    internal ClusterTls(X509Certificate2 certificate, X509Certificate2Collection issuers, X509Certificate2Collection trusted, string? serverName)
    {
        Certificate = certificate;
        _issuers = issuers;
        _trusted = trusted;
        _serverName = string.IsNullOrEmpty(serverName) ? null : serverName;

        // What others need to get to one that they trust is in the file; nothing is fetched for it.
        _shown = SslStreamCertificateContext.Create(certificate, issuers, offline: true);
    }

    /// <summary>What this process shows, with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Loads what the options name.</summary>
    /// <returns><see langword="null"/> if <see cref="ClusterTlsOptions.CertificateFile"/> is not set: no TLS.</returns>
    /// <exception cref="OptionsValidationException">A file is missing or of no use. The message names option, file and reason, never a password.</exception>
    public static ClusterTls? Load(ClusterTlsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var check = new ClusterTlsOptionsValidator().Validate(null, options);
        return check.Failed ? throw new OptionsValidationException("", typeof(ClusterTlsOptions), check.Failures)
            : string.IsNullOrEmpty(options.CertificateFile) ? null
            : CertificateFiles.Load(options);
    }

    /// <summary>The name that the certificate of a silo must have which is reached by an endpoint.</summary>
    public string NameOf(EndPoint? endpoint) => _serverName ?? endpoint switch
    {
        IPEndPoint address => address.Address.ToString(),
        DnsEndPoint host => host.Host,
        _ => "",
    };

    /// <summary>Whether this process talks to the owner of a certificate.</summary>
    /// <param name="chain">What the system found; its purpose (server or client) counts here, too.</param>
    /// <param name="errors">What the system has against it. That it does not know the issuer does not count if <see cref="ClusterTlsOptions.TrustedFile"/> is set.</param>
    public bool IsTrusted(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors) => FindFault(certificate, chain, errors) is null;

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        foreach (var certificate in _issuers.Concat(_trusted))
        {
            certificate.Dispose();
        }
    }

    /// <summary>What a side that has connected does.</summary>
    internal SslClientAuthenticationOptions CreateClientOptions(EndPoint? endpoint, RemoteCertificateValidationCallback judge) => new()
    {
        TargetHost = NameOf(endpoint),
        ClientCertificateContext = _shown,
        RemoteCertificateValidationCallback = judge,
    };

    /// <summary>What a side that has accepted does.</summary>
    internal SslServerAuthenticationOptions CreateServerOptions(RemoteCertificateValidationCallback judge) => new()
    {
        ServerCertificateContext = _shown,
        ClientCertificateRequired = true,
        RemoteCertificateValidationCallback = judge,
    };

    /// <returns><see langword="null"/>, or why this process does not talk to the owner; a clause without a full stop.</returns>
    internal string? FindFault(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return "it shows no certificate";
        }

        var remote = certificate as X509Certificate2 ?? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return $"its certificate '{remote.Subject}' is not for the name {_serverName ?? "or address"} by which it was reached";
        }

        if (_trusted.Count == 0)
        {
            return errors == SslPolicyErrors.None ? null : Explain(remote, chain?.ChainStatus ?? []);
        }

        using var own = new X509Chain { ChainPolicy = CreatePolicy(chain) };
        return own.Build(remote) ? null : Explain(remote, own.ChainStatus);
    }

    private X509ChainPolicy CreatePolicy(X509Chain? chain)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_trusted);
        if (chain is not null)
        {
            foreach (var purpose in chain.ChainPolicy.ApplicationPolicy)
            {
                policy.ApplicationPolicy.Add(purpose);
            }

            policy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        }

        return policy;
    }

    private static string Explain(X509Certificate2 certificate, X509ChainStatus[] reasons) =>
        $"its certificate '{certificate.Subject}' issued by '{certificate.Issuer}' is not trusted ({string.Join(", ", reasons.Select(reason => reason.Status).Distinct())})";
}
