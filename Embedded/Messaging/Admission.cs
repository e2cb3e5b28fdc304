using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>Lets those in who have connected to this silo and belong to its cluster. Others get to know why not, and so does the log. Thread-safe.</summary>
/// <param name="kind">Who comes to this port: silos or clients.</param>
internal sealed partial class Admission(GreetingKind kind, string clusterId, SiloAddress silo, ILogger logger)
{
    /// <summary>Starts a connection that was accepted.</summary>
    /// <param name="admit">Called once, for a greeting that is in order. It sends the welcome by a call of its second argument, or answers false: the connection is not needed.</param>
    /// <param name="onFrame">Called for each frame after the greeting.</param>
    /// <param name="onClosed">Called when the connection has ended, whether it was let in or not.</param>
    public void Accept(IMessageConnection connection, Func<Greeting, Action<GreetingKind>, bool> admit, Action<ReadOnlyMemory<byte>> onFrame, Action onClosed)
    {
        var isAdmitted = false;
        connection.Start(
            frame =>
            {
                if (isAdmitted)
                {
                    onFrame(frame);
                }
                else
                {
                    isAdmitted = TryAdmit(connection, frame.Span, admit);
                }
            },
            onClosed,
            slowsPeer: kind == GreetingKind.Client);
    }

    private bool TryAdmit(IMessageConnection connection, ReadOnlySpan<byte> frame, Func<Greeting, Action<GreetingKind>, bool> admit)
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

        if (reason is null && admit(greeting!, answer => Answer(connection, answer)))
        {
            return true;
        }

        Answer(connection, reason is null ? GreetingKind.Yield : GreetingKind.Refusal, reason ?? "");
        if (reason is not null)
        {
            LogRefused(logger, greeting?.Name ?? "Somebody", connection.RemoteName, reason);
        }

        connection.Close();
        return false;
    }

    private void Answer(IMessageConnection connection, GreetingKind answer, string text = "") =>
        connection.TrySend(new Greeting(answer, clusterId, silo.ToParsableString(), text).ToFrame());

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

        if (kind == GreetingKind.Silo && (!SiloAddress.TryParse(greeting.Name, out _) || greeting.Link is < 0 or >= Greeting.MostLinks))
        {
            return $"It calls itself {greeting.Name} and wants link {greeting.Link}. A silo says its address and a link from 0 to {Greeting.MostLinks - 1}.";
        }

        return null;
    }

    /// <summary>Whether somebody who has connected meant this silo; generation 0 stands for whoever listens at the endpoint.</summary>
    private bool IsThis(string expected) => SiloAddress.TryParse(expected, out var address)
        && (address.Equals(silo) || (address.Generation == 0 && address.Endpoint.Equals(silo.Endpoint)));

    [LoggerMessage(LogLevel.Warning, "{Name} at {Peer} is refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string name, string peer, string reason);
}
