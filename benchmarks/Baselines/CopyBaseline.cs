using System.Net;
using System.Net.Sockets;

namespace Dpark.Baselines;

/// <summary>What a shuffle between two workers moves, without a shuffle: each of two threads writes a file, reads one half of it, and sends the other half to the other one over TCP.</summary>
public static class CopyBaseline
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Moves so many bytes.</summary>
    /// <param name="directory">Where the two files are; they are deleted.</param>
    /// <returns>Bytes that arrived.</returns>
    public static long Shuffle(string directory, long bytes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var paths = new[] { Path.Combine(directory, "copy-0"), Path.Combine(directory, "copy-1") };
        Threads.Run(paths.Length, index => Write(paths[index], bytes / 2));

        // One connection each way. A receiver needs no thread of its own while it has nothing to do, so four threads are what two workers are.
        using var first = new Socket(SocketType.Stream, ProtocolType.Tcp);
        first.Connect(listener.LocalEndpoint);
        using var second = listener.AcceptSocket();
        Socket[] sockets = [first, second];
        var arrived = new long[4];
        Threads.Run(4, index =>
        {
            var worker = index / 2;
            arrived[index] = index % 2 == 0
                ? Send(paths[worker], bytes / 4, sockets[worker])
                : Receive(sockets[worker]) + ReadLocal(paths[worker], bytes / 4);
        });
        Array.ForEach(paths, File.Delete);
        return arrived.Sum();
    }

    private static void Write(string path, long bytes)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var buffer = new byte[BufferBytes];
        Array.Fill(buffer, (byte)7);
        for (; bytes > 0; bytes -= buffer.Length)
        {
            file.Write(buffer, 0, (int)Math.Min(buffer.Length, bytes));
        }
    }

    private static long Send(string path, long bytes, Socket socket)
    {
        using var file = File.OpenHandle(path);
        var buffer = new byte[BufferBytes];
        for (var offset = 0L; offset < bytes;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - offset)), offset);
            for (var sent = 0; sent < read;)
            {
                sent += socket.Send(buffer.AsSpan(sent, read - sent));
            }

            offset += read;
        }

        socket.Shutdown(SocketShutdown.Send);
        return 0;
    }

    private static long Receive(Socket socket)
    {
        var buffer = new byte[BufferBytes];
        var total = 0L;
        while (socket.Receive(buffer) is > 0 and var received)
        {
            total += received;
        }

        return total;
    }

    private static long ReadLocal(string path, long from)
    {
        using var file = File.OpenHandle(path);
        var buffer = new byte[BufferBytes];
        var offset = from;
        while (RandomAccess.Read(file, buffer, offset) is > 0 and var read)
        {
            offset += read;
        }

        return offset - from;
    }
}
