namespace Dpark.Configuration;

/// <summary>How this process proves to others of its cluster who it is, and whom it trusts. Bound from <c>Dpark:Security:Tls</c>.</summary>
/// <remarks>
/// All processes of a cluster, also drivers, use TLS, or none. Each shows its certificate to the others. The certificate of a silo must be for servers and for clients, that of
/// a driver for clients, if their uses are restricted.
/// </remarks>
public sealed class ClusterTlsOptions
{
    /// <summary>
    /// File with the certificate of this process: PKCS #12 (<c>.pfx</c>, <c>.p12</c>) with its private key, or PEM. Certificates between it and a trusted one may be in the
    /// same file. A password is taken from the variable <c>DPARK_TLS_PASSWORD</c> only. Default: none, which means no TLS.
    /// </summary>
    public string? CertificateFile { get; set; }

    /// <summary>File with the private key, PEM. Default: none, which means that it is in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// File with the certificates that others' must be issued by, PEM, and only those. Default: none, which means those that the system trusts.
    /// </summary>
    public string? TrustedFile { get; set; }

    /// <summary>
    /// Name that the certificates of all silos have. Default: none, which means that each has the address, or the host name, by which it is reached.
    /// </summary>
    public string? ServerName { get; set; }

    /// <summary>Sets other options to the values of these that are set.</summary>
    internal void CopyTo(ClusterTlsOptions other)
    {
        other.CertificateFile = CertificateFile ?? other.CertificateFile;
        other.KeyFile = KeyFile ?? other.KeyFile;
        other.TrustedFile = TrustedFile ?? other.TrustedFile;
        other.ServerName = ServerName ?? other.ServerName;
    }
}
