using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dpark.Configuration;
using Microsoft.Extensions.Options;

namespace Dpark.Security;

/// <summary>Reads certificates from files, and says what is wrong with them.</summary>
internal static class CertificateFiles
{
    /// <exception cref="OptionsValidationException">A file is missing or of no use.</exception>
    public static ClusterTls Load(ClusterTlsOptions options)
    {
        var all = Read(nameof(options.CertificateFile), options.CertificateFile!, path => ReadOwn(path, options.KeyFile));
        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw Fail(nameof(options.CertificateFile), options.CertificateFile!, $"a file that has the private key, or {nameof(options.KeyFile)}", "it has certificates only");
        CheckTime(own, options.CertificateFile!);
        var trusted = string.IsNullOrEmpty(options.TrustedFile) ? [] : Read(nameof(options.TrustedFile), options.TrustedFile, ReadTrusted);
        return new ClusterTls(own, [.. all.Where(certificate => certificate != own)], trusted, options.ServerName);
    }

    private static X509Certificate2Collection Read(string key, string path, Func<string, X509Certificate2Collection> read)
    {
        try
        {
            var certificates = read(path);
            return certificates.Count > 0 ? certificates : throw Fail(key, path, "a file with a certificate", "it has none");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Fail(key, path, "a file that this process can read", failure.Message.TrimEnd('.'));
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            var password = Password() is null ? $"{ClusterTls.PasswordVariable} is not set" : $"{ClusterTls.PasswordVariable} is set";
            throw Fail(key, path, "a certificate in PKCS #12 or PEM with its key, and the right password", $"it cannot be read ({failure.Message.TrimEnd('.')}; {password})");
        }
    }

    private static X509Certificate2Collection ReadOwn(string path, string? keyFile)
    {
        var bytes = File.ReadAllBytes(path);
        if (X509Certificate2.GetCertContentType(bytes) == X509ContentType.Pfx)
        {
            return X509CertificateLoader.LoadPkcs12Collection(bytes, Password());
        }

        var certificates = ReadTrusted(path);
        if (certificates.Count == 0)
        {
            return certificates;
        }

        // The file's first certificate is that of the key.
        var text = File.ReadAllText(path);
        var key = string.IsNullOrEmpty(keyFile) ? text : Read(keyFile);
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            return certificates;
        }

        using var own = Password() is { } password && key.Contains("ENCRYPTED PRIVATE KEY", StringComparison.Ordinal)
            ? X509Certificate2.CreateFromEncryptedPem(text, key, password)
            : X509Certificate2.CreateFromPem(text, key);

        // A key that was made of text is not found again by TLS on all systems.
        certificates[0] = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), password: null);
        return certificates;

        static string Read(string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw Fail(nameof(ClusterTlsOptions.KeyFile), path, "a file that this process can read", failure.Message.TrimEnd('.'));
            }
        }
    }

    private static X509Certificate2Collection ReadTrusted(string path)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(path);
        return certificates;
    }

    private static void CheckTime(X509Certificate2 certificate, string path)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now < from || now > to)
        {
            throw Fail(
                nameof(ClusterTlsOptions.CertificateFile),
                path,
                "a certificate that is valid now",
                string.Create(CultureInfo.InvariantCulture, $"'{certificate.Subject}' is valid from {from:u} to {to:u}, and now is {now:u}"));
        }
    }

    private static string? Password() => Environment.GetEnvironmentVariable(ClusterTls.PasswordVariable) is { Length: > 0 } password ? password : null;

    private static OptionsValidationException Fail(string key, string path, string bound, string reason)
    {
        var failures = new OptionFailures("Dpark:Security:Tls");
        failures.Add(key, $"'{path}'", bound, reason);
        return new OptionsValidationException("", typeof(ClusterTlsOptions), failures.Result.Failures);
    }
}
