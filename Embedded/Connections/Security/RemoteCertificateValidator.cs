using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>Judges the certificate of the other side.</summary>
/// <param name="chain">What the system found out about its issuers.</param>
/// <param name="policyErrors">What the system has against it.</param>
/// <returns>Whether it is accepted, whatever the system says.</returns>
public delegate bool RemoteCertificateValidator(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors policyErrors);
