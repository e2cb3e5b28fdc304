using System.Net;
using System.Net.Sockets;

namespace Dpark;

internal static partial class LocalPorts
{
    static partial void FindFree(ref (int Silo, int Gateway)? free)
    {
        using var one = Bind();
        using var other = Bind();
        free = (((IPEndPoint)one.LocalEndPoint!).Port, ((IPEndPoint)other.LocalEndPoint!).Port);
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
