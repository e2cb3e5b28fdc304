using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Orleans.Runtime;

/// <summary>A connection as the callbacks of <see cref="Connections.Security.TlsOptions"/> see it while it is being secured.</summary>
internal sealed class TcpConnectionContext(Socket socket) : ConnectionContext
{
    public override string ConnectionId { get; set; } = Guid.NewGuid().ToString("N");

    public override EndPoint? RemoteEndPoint { get; set; } = socket.RemoteEndPoint;

    public override EndPoint? LocalEndPoint { get; set; } = socket.LocalEndPoint;

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport
    {
        get => throw NotReadable();
        set => throw NotReadable();
    }

    public override void Abort(ConnectionAbortedException abortReason) => socket.Dispose();

    private static NotSupportedException NotReadable() => new("A connection has no pipe while it is being secured. Use its endpoints and features.");
}
