using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dpark.Configuration;
using Dpark.TestKit;
using Microsoft.Extensions.Options;

namespace Dpark.Security;

public sealed class ClusterTlsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-tls-");
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(ClusterTls.PasswordVariable, null);
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public void ClusterTlsOptions_Defaults_MeanNoTls()
    {
        var options = new ClusterTlsOptions();

        Assert.Equal((null, null, null, null), (options.CertificateFile, options.KeyFile, options.TrustedFile, options.ServerName));
        Assert.Null(ClusterTls.Load(options));
    }

    [Fact]
    public void Load_PartsWithoutCertificate_NamesEach()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => ClusterTls.Load(new() { KeyFile = "/k", TrustedFile = "/t", ServerName = "s" }));

        Assert.Equal(["KeyFile", "TrustedFile", "ServerName"], failure.Failures.Select(text => text.Split(' ')[0].Split(':')[^1]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("swordfish")]
    public void Load_Pkcs12_TakesThePasswordOfTheEnvironment(string? password)
    {
        using var certificate = _authority.Issue("a");
        var path = Write("a.pfx", certificate.Export(X509ContentType.Pkcs12, password));
        Environment.SetEnvironmentVariable(ClusterTls.PasswordVariable, password);

        using var tls = ClusterTls.Load(new() { CertificateFile = path })!;

        Assert.Equal(certificate.Thumbprint, tls.Certificate.Thumbprint);
        Assert.True(tls.Certificate.HasPrivateKey);
    }

    [Fact]
    public void Load_Pkcs12WithWrongPassword_SaysWhereThePasswordComesFromAndNotWhatItIs()
    {
        using var certificate = _authority.Issue("a");
        var path = Write("a.pfx", certificate.Export(X509ContentType.Pkcs12, "swordfish"));
        Environment.SetEnvironmentVariable(ClusterTls.PasswordVariable, "halibut");

        var failure = Assert.Throws<OptionsValidationException>(() => ClusterTls.Load(new() { CertificateFile = path }));

        Assert.Contains(path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("DPARK_TLS_PASSWORD is set", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("halibut", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Load_Pem_TakesTheKeyFromItsOwnOrAnotherFile(bool isOneFile, bool isEncrypted)
    {
        using var certificate = _authority.Issue("a");
        using var key = certificate.GetECDsaPrivateKey()!;
        var keyText = isEncrypted
            ? key.ExportEncryptedPkcs8PrivateKeyPem("swordfish", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000))
            : key.ExportPkcs8PrivateKeyPem();
        Environment.SetEnvironmentVariable(ClusterTls.PasswordVariable, isEncrypted ? "swordfish" : null);
        var text = certificate.ExportCertificatePem() + "\n" + _authority.Certificate.ExportCertificatePem() + "\n";
        var options = isOneFile
            ? new ClusterTlsOptions { CertificateFile = Write("a.pem", text + keyText) }
            : new ClusterTlsOptions { CertificateFile = Write("a.pem", text), KeyFile = Write("a.key", keyText) };

        using var tls = ClusterTls.Load(options)!;

        Assert.Equal(certificate.Thumbprint, tls.Certificate.Thumbprint);
        Assert.True(tls.Certificate.HasPrivateKey);
    }

    [Fact]
    public void Load_FilesOfNoUse_SaysWhich()
    {
        using var good = _authority.Issue("a");
        using var late = _authority.Issue("late", isExpired: true);
        var path = Write("good.pfx", good.Export(X509ContentType.Pkcs12));
        var nowhere = Path.Combine(_directory.FullName, "nowhere");

        (ClusterTlsOptions Options, string Option, string Why)[] cases =
        [
            (new() { CertificateFile = nowhere }, "CertificateFile", "Could not find file"),
            (new() { CertificateFile = Write("text", "text") }, "CertificateFile", "cannot be read"),
            (new() { CertificateFile = Write("public.pem", good.ExportCertificatePem()) }, "CertificateFile", "certificates only"),
            (new() { CertificateFile = Write("late.pfx", late.Export(X509ContentType.Pkcs12)) }, "CertificateFile", "'CN=late' is valid from"),
            (new() { CertificateFile = Write("c.pem", good.ExportCertificatePem()), KeyFile = nowhere }, "KeyFile", "Could not find file"),
            (new() { CertificateFile = path, TrustedFile = nowhere }, "TrustedFile", "Could not find file"),
            (new() { CertificateFile = path, TrustedFile = Write("empty", "") }, "TrustedFile", "it has none"),
        ];

        Assert.All(cases, one =>
        {
            var failure = Assert.Single(Assert.Throws<OptionsValidationException>(() => ClusterTls.Load(one.Options)).Failures);
            Assert.StartsWith($"Dpark:Security:Tls:{one.Option} is '{_directory.FullName}", failure, StringComparison.Ordinal);
            Assert.Contains(one.Why, failure, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void IsTrusted_TrustedFile_CountsInsteadOfTheSystem()
    {
        using var stranger = new TestAuthority("stranger");
        using var own = _authority.Issue("a");
        using var other = stranger.Issue("b");
        using var tls = ClusterTls.Load(new()
        {
            CertificateFile = Write("a.pfx", own.Export(X509ContentType.Pkcs12)),
            TrustedFile = Write("trusted.pem", _authority.Certificate.ExportCertificatePem()),
        })!;

        Assert.True(tls.IsTrusted(own, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(tls.IsTrusted(other, null, SslPolicyErrors.RemoteCertificateChainErrors));
        Assert.False(tls.IsTrusted(other, null, SslPolicyErrors.None));
        Assert.False(tls.IsTrusted(own, null, SslPolicyErrors.RemoteCertificateNameMismatch));
    }

    [Fact]
    public void IsTrusted_NoTrustedFile_TheSystemDecides()
    {
        using var tls = new ClusterTls(_authority.Issue("a"), [], [], serverName: null);

        Assert.True(tls.IsTrusted(tls.Certificate, null, SslPolicyErrors.None));
        Assert.False(tls.IsTrusted(tls.Certificate, null, SslPolicyErrors.RemoteCertificateChainErrors));
    }

    [Fact]
    public void NameOf_ServerNameOrWhatWasCalled()
    {
        using var named = new ClusterTls(_authority.Issue("a"), [], [], "cluster");
        using var unnamed = new ClusterTls(_authority.Issue("a"), [], [], "");

        Assert.Equal("cluster", named.NameOf(new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.Equal("127.0.0.1", unnamed.NameOf(new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.Equal("worker-7", unnamed.NameOf(new DnsEndPoint("worker-7", 1)));
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));
}
