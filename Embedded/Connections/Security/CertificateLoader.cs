using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>Finds certificates.</summary>
public static class CertificateLoader
{
    private const string ServerUsage = "1.3.6.1.5.5.7.3.1";
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>Takes a certificate with its private key from a store of the system: of those that fit, the one that is valid longest.</summary>
    /// <param name="subject">Part of the subject's name.</param>
    /// <param name="allowInvalid">Whether the system may have something against it, for example that its issuer is unknown.</param>
    /// <param name="server">Whether it must be for servers; else it must be for clients.</param>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static X509Certificate2 LoadFromStoreCert(string subject, string storeName, StoreLocation storeLocation, bool allowInvalid, bool server)
    {
        using var store = new X509Store(storeName, storeLocation);
        store.Open(OpenFlags.ReadOnly);
        var found = store.Certificates.Find(X509FindType.FindBySubjectName, subject, validOnly: !allowInvalid);
        return found.Where(certificate => certificate.HasPrivateKey && (server ? IsForServers(certificate) : IsForClients(certificate))).MaxBy(certificate => certificate.NotAfter)
            ?? throw new InvalidOperationException($"Certificate {subject} not found in store {storeLocation} / {storeName}. AllowInvalid: {allowInvalid}");
    }

    internal static bool IsForServers(X509Certificate2 certificate) => IsFor(certificate, ServerUsage);

    internal static bool IsForClients(X509Certificate2 certificate) => IsFor(certificate, ClientUsage);

    /// <summary>A certificate that does not name its usages may be used for all.</summary>
    private static bool IsFor(X509Certificate2 certificate, string usage)
    {
        var restrictions = certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToList();
        return restrictions.Count == 0 || restrictions.Any(restriction => restriction.EnhancedKeyUsages[usage] is not null);
    }
}
