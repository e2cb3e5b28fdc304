using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>Lets those in who have connected to this silo and belong to its cluster. Others get to know why not, and so does the log. Thread-safe.</summary>
/// <param name="kind">Who comes to this port: silos or clients.</param>
internal sealed partial class Admission(GreetingKind kind, string clusterId, SiloAddress silo, ILogger logger)
{
    /// <summary>Starts a connection that was accepted.</summary>
    /// <param name="onAdmitted">Called once, after the welcome is sent and before the first frame.</param>
    /// <param name="onFrame">Called for each frame after the greeting.</param>
    /// <param name="onClosed">Called when the connection has ended, whether it was let in or not.</param>
    public void Accept(IMessageConnection connection, Action<Greeting> onAdmitted, Action<ReadOnlyMemory<byte>> onFrame, Action onClosed)
    {
        var isAdmitted = false;
        connection.Start(
            frame =>
            {
                if (isAdmitted)
                {
                    onFrame(frame);
                }
                else if (TryAdmit(connection, frame.Span) is { } greeting)
                {
                    isAdmitted = true;
                    onAdmitted(greeting);
                }
            },
            onClosed);
    }

    private Greeting? TryAdmit(IMessageConnection connection, ReadOnlySpan<byte> frame)
    {
        string? reason;
        Greeting? greeting = null;
        try
        {
            greeting = Greeting.Parse(frame);
            reason = Judge(greeting);
        }
        catch (InvalidMessageFrameException exception)
        {
            reason = exception.Message;
        }

        var answer = new Greeting(reason is null ? GreetingKind.Welcome : GreetingKind.Refusal, clusterId, silo.ToParsableString(), reason ?? "");
        connection.TrySend(answer.ToFrame());
        if (reason is null)
        {
            return greeting;
        }

        LogRefused(logger, greeting?.Name ?? "Somebody", connection.RemoteName, reason);
        connection.Close();
        return null;
    }

    private string? Judge(Greeting greeting)
    {
        if (greeting.ClusterId != clusterId)
        {
            return $"It belongs to cluster '{greeting.ClusterId}', and this silo to '{clusterId}'. Set the same cluster id, or the address of the right cluster.";
        }

        if (greeting.Kind != kind)
        {
            return $"It is a {greeting.Kind}, and this is the port for a {kind}. Clients connect to the gateway port, silos to the silo port.";
        }

        if (kind == GreetingKind.Client && !ClientKey.IsOutside(greeting.Name))
        {
            return "Its key is one of a silo's own code, or of an observer. A client makes a key of its own.";
        }

        if (kind == GreetingKind.Silo && !IsThis(greeting.Text))
        {
            return $"It looks for silo {greeting.Text}, and this is {silo.ToParsableString()}. That silo has ended.";
        }

        return null;
    }

    /// <summary>Whether somebody who has connected meant this silo; generation 0 stands for whoever listens at the endpoint.</summary>
    private bool IsThis(string expected) => SiloAddress.TryParse(expected, out var address)
        && (address.Equals(silo) || (address.Generation == 0 && address.Endpoint.Equals(silo.Endpoint)));

    [LoggerMessage(LogLevel.Warning, "{Name} at {Peer} is refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string name, string peer, string reason);
}
