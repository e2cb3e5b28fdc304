using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dpark.TestKit;

/// <summary>Issues certificates for tests. They are valid for an hour.</summary>
public sealed class TestAuthority : IDisposable
{
    /// <summary>The usage of servers.</summary>
    public const string ForServers = "1.3.6.1.5.5.7.3.1";

    /// <summary>The usage of clients.</summary>
    public const string ForClients = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _withKey;

    /// <summary>Makes an authority that nobody trusts yet.</summary>
    public TestAuthority(string name = "authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        _withKey = request.CreateSelfSigned(now.AddDays(-2), now.AddHours(2));
        Certificate = X509CertificateLoader.LoadCertificate(_withKey.RawData);
    }

    /// <summary>The authority's own, without its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Issues a certificate, with its key.</summary>
    /// <param name="name">Subject, and the host name that it is for.</param>
    /// <param name="isExpired">Whether its time was over an hour ago.</param>
    /// <param name="address">An address that it is for, too.</param>
    /// <param name="usages">What it is for; none: it does not say.</param>
    public X509Certificate2 Issue(string name, bool isExpired = false, IPAddress? address = null, params string[] usages)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (address is not null)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        if (usages.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Select(usage => new Oid(usage))], critical: false));
        }

        var now = TimeProvider.System.GetUtcNow();
        using var issued = request.Create(_withKey, now.AddDays(-1), now.AddHours(isExpired ? -1 : 1), RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), password: null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Whether this authority has issued a certificate that is valid now. Whatever the system has against it does not count.</summary>
    public bool HasIssued(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _withKey.Dispose();
        Certificate.Dispose();
    }
}
