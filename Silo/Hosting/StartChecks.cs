using System.Net;
using System.Net.Sockets;
using Dpark.Clusters;

namespace Dpark.Hosting;

/// <summary>What the silo program finds out before it starts a silo, because the silo would say it late, unclearly or not at all.</summary>
internal static class StartChecks
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>Asks who must be there, and looks whether the ports are free.</summary>
    /// <returns>Everything that is wrong; empty if nothing is.</returns>
    public static async Task<IReadOnlyList<string>> FindProblemsAsync(SiloSettings settings, CancellationToken cancellationToken)
    {
        List<string> problems = [];
        if (settings.Port == settings.GatewayPort)
        {
            problems.Add($"--port and --gateway-port are both {settings.Port}. Give each its own.");
        }

        CheckPort("--port", settings.Address, settings.Port, problems);
        CheckPort("--gateway-port", settings.Address, settings.GatewayPort, problems);
        if (settings.Redis is { } redis && await EndpointProbe.PingRedisAsync(redis, AnswerLimit, cancellationToken).ConfigureAwait(false) is { } redisProblem)
        {
            problems.Add($"Redis at {redis} does not answer: {redisProblem}. Start it, or give --redis the address of the one that the cluster uses.");
        }

        if (settings.Primary is { } primary && await EndpointProbe.ConnectAsync(primary, AnswerLimit, cancellationToken).ConfigureAwait(false) is { } primaryProblem)
        {
            problems.Add($"The first silo at {primary} does not answer: {primaryProblem}. Start it before the others, and give --primary its --port.");
        }

        return problems;
    }

    private static void CheckPort(string option, IPAddress address, int port, List<string> problems)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException e)
        {
            problems.Add(e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"{option} is {port}, which another program uses on {address}. Give a free port.",
                SocketError.AccessDenied => $"{option} is {port}, which this user may not open. Give a port from 1024 on.",
                SocketError.AddressNotAvailable => $"--host is {address}, which is no address of this machine. Give one that is.",
                _ => $"{option} is {port}, which cannot be opened on {address}: {e.Message}. Give another one.",
            });
        }
    }
}
