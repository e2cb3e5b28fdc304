using System.Security.Cryptography.X509Certificates;

namespace Orleans.Connections.Security;

/// <summary>Chooses the certificate that a server shows.</summary>
/// <param name="hostName">The name that the client looks for, if it has said so.</param>
public delegate X509Certificate? ServerCertificateSelectionCallback(object sender, string? hostName);
