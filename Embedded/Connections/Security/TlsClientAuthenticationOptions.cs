using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>How one connection is secured by the side that has connected. Belongs to that connection.</summary>
public class TlsClientAuthenticationOptions
{
    internal SslClientAuthenticationOptions Value { get; } = new();

    /// <summary>The <see cref="System.Net.Security.SslClientAuthenticationOptions"/> behind it, with everything that has no property here.</summary>
    public object SslClientAuthenticationOptions => Value;

    /// <summary>The name that the other side's certificate must have; none is not the name of any. Also sent, so that the other side can choose its certificate.</summary>
    public string? TargetHost
    {
        get => Value.TargetHost;
        set => Value.TargetHost = value;
    }

    /// <summary>The certificates to choose from.</summary>
    public X509CertificateCollection? ClientCertificates
    {
        get => Value.ClientCertificates;
        set => Value.ClientCertificates = value;
    }

    /// <summary>Chooses the certificate.</summary>
    public ClientCertificateSelectionCallback? LocalCertificateSelectionCallback
    {
        get;
        set
        {
            field = value;
            Value.LocalCertificateSelectionCallback = value is null ? null : new LocalCertificateSelectionCallback(value!);
        }
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
