using System.Net;
using System.Net.Sockets;
using Dpark.Storage.Transfer;

namespace Dpark.Storage;

/// <summary>One end of a connection that sends what a test tells it to, byte by byte.</summary>
internal sealed class RawPeer(Socket socket) : IDisposable
{
    public static async Task<RawPeer> ConnectAsync(string endpoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(endpoint));
        return new RawPeer(socket);
    }

    public static async Task<RawPeer> AuthenticatedAsync(BlockRig rig)
    {
        var peer = await ConnectAsync(rig.Server.Endpoint);
        var nonce = BlockRig.Bytes(32, seed: 7);
        await peer.SendAsync([.. Handshake.Mark, .. nonce]);
        var (_, serverNonce) = await peer.ReceiveAnswerAsync();
        await peer.SendAsync(Handshake.ClientProof(rig.Secret, nonce, serverNonce));
        var (status, proof) = await peer.ReceiveAnswerAsync();
        Assert.Equal(AnswerStatus.Ok, status);
        Assert.Equal(Handshake.ServerProof(rig.Secret, nonce, serverNonce), proof);
        return peer;
    }

    public async Task SendAsync(byte[] bytes) => await socket.SendAsync(bytes).WaitAsync(BlockRig.Limit);

    /// <summary>Receives one answer with all its bytes.</summary>
    public async Task<(AnswerStatus Status, byte[] Bytes)> ReceiveAnswerAsync()
    {
        var header = await ReceiveAsync(BlockProtocol.AnswerHeaderLength);
        var (status, length) = BlockProtocol.ReadAnswerHeader(header);
        return (status, await ReceiveAsync((int)length));
    }

    /// <summary>Completes when the server has closed the connection. Whatever it still sends is forgotten.</summary>
    public async Task WaitUntilClosedAsync()
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(BlockRig.Limit) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // The server closed it with bytes unread.
        }
    }

    /// <summary>Receives exactly so many bytes.</summary>
    public async Task<byte[]> ReceiveAsync(int count)
    {
        var bytes = new byte[count];
        for (var received = 0; received < count;)
        {
            var read = await socket.ReceiveAsync(bytes.AsMemory(received)).AsTask().WaitAsync(BlockRig.Limit);
            Assert.True(read > 0, $"The server closed the connection after {received} of {count} bytes.");
            received += read;
        }

        return bytes;
    }

    public void Dispose() => socket.Dispose();
}
