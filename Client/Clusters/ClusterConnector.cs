using System.Net;
using System.Net.Sockets;
using Dpark.Configuration;
using Dpark.Driver;
using Dpark.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Clusters;

/// <summary>Makes a context over a cluster of other processes, or says within a limit why that cannot be. Used once.</summary>
/// <remarks>
/// In order: Redis is asked whether it is there; the client of the actor runtime starts; the application starts; a worker is on the master's list; a worker takes the
/// secret. Each is waited for from outside, because a client may try for ever to find a gateway. After a failure the endpoints are asked
/// one by one, so that the error can say which of them answers.
/// </remarks>
internal sealed class ClusterConnector(ConnectOptions options)
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(1);

    // A gateway that hangs, and does not close its connections, is left once the list does not have it any more.
    private static readonly TimeSpan GatewayRefreshPeriod = TimeSpan.FromSeconds(10);

    private readonly ClusterEndpoint[] _gateways = [.. options.Gateways.Select(Parse)];
    private readonly ClusterEndpoint? _redis = options.Redis is { } redis ? Parse(redis) : null;

    private string Places => _redis is { } redis ? $"Redis {redis}" : $"gateways {string.Join(", ", _gateways)}";

    public async Task<DparkContext> ConnectAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        await CheckRedisAsync(cancellationToken).ConfigureAwait(false);
        var connection = new ClusterConnection(Build(await ResolveAsync(limit.Token).ConfigureAwait(false)));
        try
        {
            await StartAsync(connection.Host, limit.Token, cancellationToken).ConfigureAwait(false);
            var context = new DparkContext(connection.Host.Services.GetRequiredService<IClusterClient>(), options.Client) { Owner = connection };
            connection.Context = context;
            await StartAsync(context, limit.Token, cancellationToken).ConfigureAwait(false);
            return context;
        }
        catch
        {
            await connection.AbandonAsync(ProbeLimit).ConfigureAwait(false);
            throw;
        }
    }

    private static ClusterEndpoint Parse(string text) => ClusterEndpoint.TryParse(text, out var endpoint) ? endpoint : throw new FormatException(text);

    private async Task CheckRedisAsync(CancellationToken cancellationToken)
    {
        if (_redis is { } redis && await EndpointProbe.PingRedisAsync(redis, options.Timeout, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            throw Unreachable($"Redis does not answer ({reason})", "Start Redis there, or give the address of the one that the silos use.", null);
        }
    }

    private async Task<IPEndPoint[]> ResolveAsync(CancellationToken cancellationToken)
    {
        List<IPEndPoint> found = [];
        List<string> failures = [];
        foreach (var gateway in _gateways)
        {
            try
            {
                found.Add(await gateway.ResolveAsync(cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                failures.Add($"{gateway.Host}: {e.Message}");
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        return found.Count > 0 || _redis is not null
            ? [.. found]
            : throw Unreachable($"no address is known for its gateways ({string.Join("; ", failures)})", "Check their names.", null);
    }

    private IHost Build(IPEndPoint[] gateways)
    {
        var builder = QuietHost.CreateBuilder(options.Client.ApplicationName, options.Loggers, options.MinimumLogLevel);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = options.ClusterId;
                cluster.ServiceId = options.ServiceId ?? options.ClusterId;
            });
            if (_redis is { } redis)
            {
                client.UseRedisClustering(RedisConnectionString.Write(redis, options.RedisPassword))
                    .Configure<GatewayOptions>(list => list.GatewayListRefreshPeriod = GatewayRefreshPeriod);
            }
            else
            {
                client.UseStaticClustering(gateways);
            }

            client.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IClusterConnectionStatusObserver, GatewayWatch>());
            client.UseDparkTls(options.Tls.CopyTo);
            options.ConfigureClient?.Invoke(client);
        });
        return builder.Build();
    }

    private async Task StartAsync(IHost host, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Run(() => host.StartAsync(limit), CancellationToken.None).WaitAsync(limit).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OptionsValidationException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var problem = e is OperationCanceledException ? $"no gateway took this client within {Seconds(options.Timeout)}" : e.Message;
            throw _redis is null
                ? await NoGatewayAsync(problem, e, cancellationToken).ConfigureAwait(false)
                : Unreachable(
                    problem, "Check that silos of that cluster id run with this Redis, that this machine can reach their gateways, and that both sides use TLS or neither does.", e);
        }
    }

    private async Task<ClusterUnreachableException> NoGatewayAsync(string problem, Exception cause, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(_gateways.Select(gateway => EndpointProbe.ConnectAsync(gateway, ProbeLimit, cancellationToken))).ConfigureAwait(false);
        var states = string.Join(", ", _gateways.Zip(answers, (gateway, reason) => $"{gateway}: {reason ?? "takes connections"}"));
        var advice = answers.Any(reason => reason is null)
            ? "Something listens there: check that it is a silo's gateway port, that the silo has this cluster id, and that both sides use TLS or neither does."
            : "Start a silo of that cluster id whose gateway is there, or name the gateways of one that runs.";
        return Unreachable($"{problem.TrimEnd('.')} ({states})", advice, cause);
    }

    private async Task StartAsync(DparkContext context, CancellationToken limit, CancellationToken cancellationToken)
    {
        var phase = "its silos did not start the application";
        try
        {
            await context.StartAsync(limit).WaitAsync(limit).ConfigureAwait(false);
            phase = "it has no worker";
            await context.WaitForWorkersAsync(limit).WaitAsync(limit).ConfigureAwait(false);
            phase = "no worker answered this client at its block server";
            await context.CheckWorkersAsync(limit).WaitAsync(limit).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reason = context.StartRejection is { } rejection ? $" (the last refusal: {rejection.Message.TrimEnd('.')})" : "";
            throw Unreachable(
                $"{phase} within {Seconds(options.Timeout)}{reason}", "Check that its silos are workers (AddDparkWorker) and healthy; their logs say what they wait for.", e);
        }
        catch (IOException e)
        {
            throw Unreachable(e.Message, "Give the driver the secret that the workers have (ClusterSecret), and see that this machine reaches their block servers.", e);
        }
        catch (Exception e) when (e is OrleansException or ArgumentException or TimeoutException)
        {
            throw Unreachable($"{phase}: {e.Message}", "Check that its silos are workers (AddDparkWorker) of this version.", e);
        }
    }

    private ClusterUnreachableException Unreachable(string problem, string advice, Exception? cause) => new(options.ClusterId, Places, problem, advice, cause);

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.#} s");
}
