using System.Net;
using System.Net.Sockets;

namespace Dpark;

/// <summary>Ports of a silo that only its own process calls. The official runtime opens them, on loopback.</summary>
internal static class LocalPorts
{
    /// <summary>Two of loopback that nobody listens on now.</summary>
    public static (int Silo, int Gateway) Find()
    {
        using var one = Bind();
        using var other = Bind();
        return (((IPEndPoint)one.LocalEndPoint!).Port, ((IPEndPoint)other.LocalEndPoint!).Port);
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
