using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization.Session;

namespace Dpark.Tests.Hosting;

/// <summary>What a gateway takes from somebody who has connected: nothing in the name of another.</summary>
public sealed class GatewaySenderTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly InMemoryTransport _network = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData("sys.client/me", true)]
    [InlineData("sys.client/me+observer", true)]
    [InlineData("sys.client/other", false)]
    [InlineData("sys.management/0", false)]
    public async Task Request_InTheNameOfSomebody_IsTakenOnlyFromHim(string sender, bool isTaken)
    {
        using var silo = BuildSilo();
        await silo.StartAsync().WaitAsync(Limit);
        var connection = await ConnectAsync("me");

        connection.TrySend(NewMessages(silo).Serialize(new Message
        {
            Kind = MessageKind.Request,
            Id = 1,
            SendingGrain = GrainId.Parse(sender),
            TargetGrain = GrainId.Create("no-such-type", "key"),
            InterfaceType = GrainInterfaceType.Create("no-such-interface"),
        }));
        var first = await Task.WhenAny(_answered.Task, _closed.Task).WaitAsync(Limit);

        Assert.Same(isTaken ? _answered.Task : _closed.Task, first);
        connection.Close();
        await silo.StopAsync().WaitAsync(Limit);
    }

    [Theory]
    [InlineData("hosted-127.0.0.1:1@1")]
    [InlineData("me+observer")]
    [InlineData("")]
    public async Task Client_WithAKeyThatIsNoClients_IsRefused(string key)
    {
        using var silo = BuildSilo();
        await silo.StartAsync().WaitAsync(Limit);

        await Assert.ThrowsAsync<ConnectionFailedException>(() => ConnectAsync(key));

        await silo.StopAsync().WaitAsync(Limit);
    }

    private static MessageSerializer NewMessages(IHost silo) => new(silo.Services.GetRequiredService<SerializerSessionPool>(), 1 << 20, 1 << 20);

    private Task<OutgoingConnection> ConnectAsync(string key) => OutgoingConnection.OpenAsync(
        _network,
        new IPEndPoint(IPAddress.Loopback, 101),
        new Greeting(GreetingKind.Client, "senders", key),
        (_, _) => _answered.TrySetResult(),
        _ => _closed.TrySetResult(),
        Limit,
        CancellationToken.None);

    private IHost BuildSilo()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IMessageTransport>(_network);
        builder.Services.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = ("service", "senders"));
        builder.UseOrleans(silo => silo.UseLocalhostClustering(1, 101, new IPEndPoint(IPAddress.Loopback, 1), "service", "senders"));
        return builder.Build();
    }
}
