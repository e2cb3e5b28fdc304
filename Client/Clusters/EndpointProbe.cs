using System.Net.Sockets;
using System.Text;

namespace Dpark.Clusters;

/// <summary>Asks whether something answers at an endpoint, so that an error can say what does not. Thread-safe.</summary>
internal static class EndpointProbe
{
    /// <summary>Makes a connection and closes it.</summary>
    /// <returns><see langword="null"/> if that worked; else why not, as half a sentence.</returns>
    public static Task<string?> ConnectAsync(ClusterEndpoint endpoint, TimeSpan limit, CancellationToken cancellationToken) =>
        LimitAsync(endpoint, limit, static (_, _) => Task.FromResult<string?>(null), cancellationToken);

    /// <summary>Makes a connection and sends Redis's own question whether it is there. A server that wants a password first is there.</summary>
    /// <inheritdoc cref="ConnectAsync"/>
    public static Task<string?> PingRedisAsync(ClusterEndpoint endpoint, TimeSpan limit, CancellationToken cancellationToken) =>
        LimitAsync(endpoint, limit, PingAsync, cancellationToken);

    private static async Task<string?> LimitAsync(
        ClusterEndpoint endpoint, TimeSpan limit, Func<Socket, CancellationToken, Task<string?>> ask, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(limit);
        try
        {
            var address = await endpoint.ResolveAsync(limited.Token).ConfigureAwait(false);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, limited.Token).ConfigureAwait(false);
            return await ask(socket, limited.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return FormattableString.Invariant($"no answer within {limit.TotalSeconds} s");
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused ? "nothing listens there" : e.Message;
        }
    }

    private static async Task<string?> PingAsync(Socket socket, CancellationToken cancellationToken)
    {
        await socket.SendAsync("PING\r\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        var answer = new byte[64];
        var count = await socket.ReceiveAsync(answer, cancellationToken).ConfigureAwait(false);

        // Both are answers of Redis: the second one begins an error, such as the demand for a password.
        return count > 0 && answer[0] is (byte)'+' or (byte)'-'
            ? null
            : $"what listens there is no Redis: it answered '{Encoding.ASCII.GetString(answer, 0, count).ReplaceLineEndings(" ").Trim()}'";
    }
}
