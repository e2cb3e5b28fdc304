using System.Net;
using System.Net.Sockets;

namespace Dpark.Baselines;

/// <summary>
/// What a shuffle between two workers moves, without a shuffle: each of two threads writes one file for itself and one for the other one, reads the first, and sends the
/// second over TCP straight from the page cache.
/// </summary>
public static class CopyBaseline
{
    // Stays in a core's cache.
    private const int BufferBytes = 128 << 10;
    private const int WorkerCount = 2;

    /// <summary>Moves so many bytes.</summary>
    /// <param name="directory">Where the files are; they are deleted.</param>
    /// <returns>Bytes that arrived.</returns>
    public static long Shuffle(string directory, long bytes)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        string PathOf(int from, int to) => Path.Combine(directory, $"copy-{from}-{to}");
        Threads.Run(WorkerCount, index =>
        {
            for (var to = 0; to < WorkerCount; to++)
            {
                Write(PathOf(index, to), bytes / (WorkerCount * WorkerCount));
            }
        });

        // One connection each way. A receiver needs no thread of its own while it has nothing to do, so four threads are what two workers are.
        using var first = new Socket(SocketType.Stream, ProtocolType.Tcp);
        first.Connect(listener.LocalEndpoint);
        using var second = listener.AcceptSocket();
        Socket[] sockets = [first, second];
        var arrived = new long[2 * WorkerCount];
        Threads.Run(arrived.Length, index =>
        {
            var worker = index / 2;
            arrived[index] = index % 2 == 0
                ? Send(PathOf(worker, 1 - worker), sockets[worker])
                : Receive(sockets[worker]) + ReadLocal(PathOf(worker, worker));
        });
        for (var file = 0; file < WorkerCount * WorkerCount; file++)
        {
            File.Delete(PathOf(file / WorkerCount, file % WorkerCount));
        }

        return arrived.Sum();
    }

    private static void Write(string path, long bytes)
    {
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        var buffer = new byte[BufferBytes];
        Array.Fill(buffer, (byte)7);
        for (var offset = 0L; offset < bytes; offset += buffer.Length)
        {
            RandomAccess.Write(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - offset)), offset);
        }
    }

    private static long Send(string path, Socket socket)
    {
        socket.SendFile(path);
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

    private static long ReadLocal(string path)
    {
        using var file = File.OpenHandle(path);
        var buffer = new byte[BufferBytes];
        var offset = 0L;
        while (RandomAccess.Read(file, buffer, offset) is > 0 and var read)
        {
            offset += read;
        }

        return offset;
    }
}
