using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Orleans.Runtime;

/// <summary>Secures connections as <see cref="TlsOptions"/> say, before the first frame. Thread-safe.</summary>
internal sealed class TlsAuthenticator
{
    private readonly TlsOptions _options;
    private readonly X509Certificate2? _serverCertificate;
    private readonly X509Certificate2? _clientCertificate;

    /// <exception cref="InvalidOperationException">A certificate is not for what it is to be used for.</exception>
    public TlsAuthenticator(TlsOptions options, bool isSilo)
    {
        _options = options;
        _serverCertificate = options.LocalServerCertificateSelector is null ? options.LocalCertificate : null;
        if (isSilo && _serverCertificate is not null)
        {
            CheckServer(_serverCertificate);
        }

        _clientCertificate = options.ClientCertificateMode switch
        {
            RemoteCertificateMode.RequireCertificate => CheckClient(options.LocalCertificate),
            RemoteCertificateMode.AllowCertificate when options.LocalCertificate is { } certificate && CertificateLoader.IsForClients(certificate) => certificate,
            _ => null,
        };
    }

    /// <summary>Secures a connection that this side has made.</summary>
    /// <exception cref="AuthenticationException">The other side is refused, or refuses. The message says why.</exception>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public Task<SslStream> AuthenticateAsClientAsync(Socket socket, CancellationToken cancellationToken)
    {
        var options = new TlsClientAuthenticationOptions
        {
            EnabledSslProtocols = _options.SslProtocols,
            CertificateRevocationCheckMode = RevocationMode,
        };
        if (_options.LocalClientCertificateSelector is { } select)
        {
            options.LocalCertificateSelectionCallback = (sender, host, local, remote, issuers) =>
                select(sender, host, local, remote, issuers) is { } certificate ? CheckClient(certificate) : null;
        }
        else if (_clientCertificate is not null)
        {
            options.ClientCertificates = [_clientCertificate];
        }

        return AuthenticateAsync(
            socket,
            (context, stream, limit) =>
            {
                _options.OnAuthenticateAsClient?.Invoke(context, options);
                return stream.AuthenticateAsClientAsync(options.Value, limit);
            },
            cancellationToken);
    }

    /// <summary>Secures a connection that this side has accepted.</summary>
    /// <inheritdoc cref="AuthenticateAsClientAsync"/>
    public Task<SslStream> AuthenticateAsServerAsync(Socket socket, CancellationToken cancellationToken)
    {
        var options = new TlsServerAuthenticationOptions
        {
            ServerCertificate = _serverCertificate,
            ClientCertificateRequired = IsRemoteJudged,
            EnabledSslProtocols = _options.SslProtocols,
            CertificateRevocationCheckMode = RevocationMode,
        };
        return AuthenticateAsync(
            socket,
            (context, stream, limit) =>
            {
                if (_options.LocalServerCertificateSelector is { } select)
                {
                    options.ServerCertificateSelectionCallback = (_, host) => select(context, host) is { } certificate ? CheckServer(certificate) : null;
                }

                _options.OnAuthenticateAsServer?.Invoke(context, options);
                return stream.AuthenticateAsServerAsync(options.Value, limit);
            },
            cancellationToken);
    }

    private bool IsRemoteJudged => _options.RemoteCertificateMode != RemoteCertificateMode.NoCertificate;

    private X509RevocationMode RevocationMode => _options.CheckCertificateRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck;

    private async Task<SslStream> AuthenticateAsync(
        Socket socket,
        Func<TcpConnectionContext, SslStream, CancellationToken, Task> authenticate,
        CancellationToken cancellationToken)
    {
        string? refusal = null;
        RemoteCertificateValidationCallback? judge = IsRemoteJudged
            ? (_, certificate, chain, errors) => (refusal = Judge(certificate, chain, errors)) is null
            : null;
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false, judge);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(_options.HandshakeTimeout);
            await authenticate(new TcpConnectionContext(socket), stream, limit.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (exception is OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new AuthenticationException($"the TLS handshake was not done within {_options.HandshakeTimeout}.", exception);
            }

            throw new AuthenticationException(refusal ?? $"the TLS handshake failed: {exception.GetBaseException().Message}", exception);
        }
    }

    /// <returns>Null, or why the other side is not accepted.</returns>
    private string? Judge(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return _options.RemoteCertificateMode == RemoteCertificateMode.RequireCertificate ? "it shows no certificate, and one is required." : null;
        }

        var remote = certificate as X509Certificate2 ?? X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        if (_options.RemoteCertificateValidation is { } validate)
        {
            return validate(remote, chain, errors) ? null : $"RemoteCertificateValidation does not accept {Describe(remote, chain, errors)}.";
        }

        return errors == SslPolicyErrors.None ? null : $"this process does not trust {Describe(remote, chain, errors)}.";
    }

    private static string Describe(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var reasons = chain?.ChainStatus.Select(status => status.Status.ToString()).Distinct().ToList() ?? [];
        return $"its certificate '{certificate.Subject}' issued by '{certificate.Issuer}' ({errors}{(reasons.Count > 0 ? ": " : "")}{string.Join(", ", reasons)})";
    }

    private static X509Certificate2 CheckServer(X509Certificate2 certificate) => CertificateLoader.IsForServers(certificate)
        ? certificate
        : throw new InvalidOperationException($"Invalid server certificate for server authentication: {certificate.Thumbprint}");

    private static X509Certificate2 CheckClient(X509Certificate2? certificate) => certificate is null
        ? throw new InvalidOperationException("No certificate provided for client authentication.")
        : CertificateLoader.IsForClients(certificate)
        ? certificate
        : throw new InvalidOperationException($"Invalid client certificate for client authentication: {certificate.Thumbprint}");
}
