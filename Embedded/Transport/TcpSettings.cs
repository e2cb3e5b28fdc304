using Orleans.Networking.Shared;

namespace Orleans.Runtime;

/// <summary>What a <see cref="TcpTransport"/> is made with.</summary>
/// <param name="MaxFrameBytes">The longest frame that it takes from others.</param>
/// <param name="OpenTimeout">How long a peer may take for its first frame.</param>
/// <param name="Socket">Set on every socket.</param>
internal sealed record TcpSettings(int MaxFrameBytes, TimeSpan OpenTimeout, SocketConnectionOptions Socket)
{
    /// <summary>How long a closed connection waits for a peer that takes nothing of what is still to be sent, or does not end its side after the last of it. Default: 2 s.</summary>
    public TimeSpan LingerLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a closed connection goes on sending at all. Default: 10 s.</summary>
    public TimeSpan MaxLinger { get; init; } = TimeSpan.FromSeconds(10);
}
