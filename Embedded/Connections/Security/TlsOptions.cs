using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;

namespace Orleans.Connections.Security;

/// <summary>How connections are secured. A silo accepts and makes connections, so most of it holds for both sides.</summary>
public class TlsOptions
{
    private static readonly TimeSpan LongestHandshakeTimeout = TimeSpan.FromMilliseconds(uint.MaxValue - 1);
    private TimeSpan _handshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What this side shows. If its use is restricted, a silo needs one for servers, and for clients, too, when others ask for it. Default: none.
    /// </summary>
    public X509Certificate2? LocalCertificate { get; set; }

    /// <summary>Chooses what is shown on accepted connections, by the name that the other side looks for. Goes before <see cref="LocalCertificate"/>. Default: none.</summary>
    public Func<ConnectionContext, string?, X509Certificate2>? LocalServerCertificateSelector { get; set; }

    /// <summary>Chooses what is shown on connections that this side has made. Goes before <see cref="LocalCertificate"/>. Default: none.</summary>
    public Func<object, string, X509CertificateCollection, X509Certificate?, string[], X509Certificate2?>? LocalClientCertificateSelector { get; set; }

    /// <summary>What is asked of the other side. Default: <see cref="RemoteCertificateMode.RequireCertificate"/>, so that silos let nobody in without one.</summary>
    public RemoteCertificateMode RemoteCertificateMode { get; set; } = RemoteCertificateMode.RequireCertificate;

    /// <summary>Whether this side shows its certificate on connections that it has made. Default: if it has one that is for clients.</summary>
    public RemoteCertificateMode ClientCertificateMode { get; set; } = RemoteCertificateMode.AllowCertificate;

    /// <summary>Judges the other side's certificate in the place of the system. Default: none, which means that the system must have nothing against it.</summary>
    public RemoteCertificateValidator? RemoteCertificateValidation { get; set; }

    /// <summary>The versions of the protocol. Default: 1.2 and 1.3.</summary>
    public SslProtocols SslProtocols { get; set; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Whether issuers are asked for what they have called back. Default: false.</summary>
    public bool CheckCertificateRevocation { get; set; }

    /// <summary>Changes the options of an accepted connection after everything else.</summary>
    public Action<ConnectionContext, TlsServerAuthenticationOptions>? OnAuthenticateAsServer { get; set; }

    /// <summary>
    /// Changes the options of a connection that this side has made, after everything else. This is where the name is set that the other side must have.
    /// </summary>
    public Action<ConnectionContext, TlsClientAuthenticationOptions>? OnAuthenticateAsClient { get; set; }

    /// <summary>How long securing a connection may take; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Default: 10 s.</summary>
    public TimeSpan HandshakeTimeout
    {
        get => _handshakeTimeout;
        set => _handshakeTimeout = value == Timeout.InfiniteTimeSpan || (value > TimeSpan.Zero && value <= LongestHandshakeTimeout)
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value), value, $"{nameof(HandshakeTimeout)} must be positive and no greater than {LongestHandshakeTimeout}, or Timeout.InfiniteTimeSpan.");
    }

    /// <summary>Accepts whoever comes. For tests only.</summary>
    public void AllowAnyRemoteCertificate() => RemoteCertificateValidation = static (_, _, _) => true;
}
