using System.Net;
using System.Net.Sockets;

namespace Dpark.Benchmarks.Calls;

/// <summary>What a message and its answer cost at least: bytes there and back over a loopback connection, with the same streams that the runtime uses and nothing else.</summary>
internal static class SocketFloor
{
    // About what a call of the echo grain takes, and what its answer does.
    private const int RequestBytes = 160;
    private const int ResponseBytes = 130;

    private static readonly byte[] s_request = new byte[RequestBytes];
    private static readonly byte[] s_large = new byte[1024 * 1024];
    private static readonly byte[] s_response = new byte[ResponseBytes];

    public static async Task PrintAsync(int count)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new TcpClient { NoDelay = true };
        var connecting = near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var far = await listener.AcceptTcpClientAsync();
        await connecting;
        far.NoDelay = true;
        var echo = Task.Run(() => EchoAsync(far.GetStream()));

        var stream = near.GetStream();
        await Measure.SequenceAsync(count / 10, _ => AskAsync(stream));
        await Measure.PrintSequenceAsync("bytes there and back, two streams of the system", () => Measure.SequenceAsync(count / 5, _ => AskAsync(stream)));
        await Measure.PrintSequenceAsync("1 MiB there and an answer, two streams of the system", () => Measure.SequenceAsync(400, _ => AskAsync(stream, 1024 * 1024)));
        near.Close();
        await echo;
    }

    private static async Task<int> AskAsync(NetworkStream stream, int bytes = RequestBytes)
    {
        var request = bytes == RequestBytes ? s_request : s_large;
        BitConverter.TryWriteBytes(request, bytes);
        await stream.WriteAsync(request.AsMemory(0, bytes));
        await stream.ReadExactlyAsync(s_response);
        return s_response[0];
    }

    private static async Task EchoAsync(NetworkStream stream)
    {
        var buffer = new byte[1024 * 1024];
        var answer = new byte[ResponseBytes];
        while (await stream.ReadAtLeastAsync(buffer, sizeof(int), throwOnEndOfStream: false) is var read && read > 0)
        {
            await stream.ReadExactlyAsync(buffer.AsMemory(read, BitConverter.ToInt32(buffer) - read));
            await stream.WriteAsync(answer);
        }
    }
}
