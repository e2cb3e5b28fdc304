using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="ClusterTlsOptions"/>, without reading files. Thread-safe.</summary>
public sealed class ClusterTlsOptionsValidator : IValidateOptions<ClusterTlsOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ClusterTlsOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Security:Tls");
        if (!string.IsNullOrEmpty(options.CertificateFile))
        {
            return failures.Result;
        }

        foreach (var (key, value) in new[]
        {
            (nameof(options.KeyFile), options.KeyFile), (nameof(options.TrustedFile), options.TrustedFile), (nameof(options.ServerName), options.ServerName),
        })
        {
            if (!string.IsNullOrEmpty(value))
            {
                failures.Add(key, $"'{value}', and {nameof(options.CertificateFile)} is not set", "both, or neither", "TLS needs a certificate of this process");
            }
        }

        return failures.Result;
    }
}
