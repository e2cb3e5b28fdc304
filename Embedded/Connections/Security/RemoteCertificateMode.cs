namespace Orleans.Connections.Security;

/// <summary>What is asked of the other side's certificate.</summary>
public enum RemoteCertificateMode
{
    /// <summary>A client is not asked for one. What a server shows is judged by the system.</summary>
    NoCertificate = 0,

    /// <summary>It is checked if there is one.</summary>
    AllowCertificate = 1,

    /// <summary>There must be one, and it must be valid.</summary>
    RequireCertificate = 2,
}
