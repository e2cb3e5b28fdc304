using Orleans.Networking.Shared;

namespace Orleans.Runtime;

/// <summary>What a <see cref="TcpTransport"/> is made with.</summary>
/// <param name="MaxFrameBytes">The longest frame that it takes from others.</param>
/// <param name="OpenTimeout">How long a peer may take for its first frame.</param>
/// <param name="Socket">Set on every socket.</param>
internal sealed record TcpSettings(int MaxFrameBytes, TimeSpan OpenTimeout, SocketConnectionOptions Socket);
