using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>How one connection is secured by the side that has accepted it. Belongs to that connection.</summary>
public class TlsServerAuthenticationOptions
{
    internal SslServerAuthenticationOptions Value { get; } = new();

    /// <summary>The <see cref="System.Net.Security.SslServerAuthenticationOptions"/> behind it, with everything that has no property here.</summary>
    public object SslServerAuthenticationOptions => Value;

    /// <summary>The certificate to show.</summary>
    public X509Certificate? ServerCertificate
    {
        get => Value.ServerCertificate;
        set => Value.ServerCertificate = value;
    }

    /// <summary>Chooses the certificate to show.</summary>
    public ServerCertificateSelectionCallback? ServerCertificateSelectionCallback
    {
        get;
        set
        {
            field = value;

            // The base library declares the result as never null, and takes null for none.
            Value.ServerCertificateSelectionCallback = value is null ? null : (sender, hostName) => value(sender, hostName)!;
        }
    }

    /// <summary>Whether the client is asked for a certificate.</summary>
    public bool ClientCertificateRequired
    {
        get => Value.ClientCertificateRequired;
        set => Value.ClientCertificateRequired = value;
    }

    /// <summary>The versions of the protocol.</summary>
    public SslProtocols EnabledSslProtocols
    {
        get => Value.EnabledSslProtocols;
        set => Value.EnabledSslProtocols = value;
    }

    /// <summary>Whether issuers are asked for what they have called back.</summary>
    public X509RevocationMode CertificateRevocationCheckMode
    {
        get => Value.CertificateRevocationCheckMode;
        set => Value.CertificateRevocationCheckMode = value;
    }
}
