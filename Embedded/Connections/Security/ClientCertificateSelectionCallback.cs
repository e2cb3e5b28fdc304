using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>Chooses the certificate that a client shows.</summary>
/// <param name="targetHost">The name that the server is expected to have.</param>
/// <param name="remoteCertificate">The server's, once it is known.</param>
/// <param name="acceptableIssuers">Whom the server trusts, if it has said so.</param>
public delegate X509Certificate? ClientCertificateSelectionCallback(
    object sender, string targetHost, X509CertificateCollection localCertificates, X509Certificate? remoteCertificate, string[] acceptableIssuers);
