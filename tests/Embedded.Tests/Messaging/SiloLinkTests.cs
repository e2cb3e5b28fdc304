using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Messaging;

/// <summary>What a silo does with greetings and answers of another one, in each order in which they can come. The other one is lower at port 1, and higher at port 3.</summary>
public sealed class SiloLinkTests : IAsyncLifetime
{
    private const int Lower = 1;
    private const int Higher = 3;
    private const string ClusterId = "links";

    private readonly InMemoryTransport _network = new();
    private readonly IHost _host;
    private readonly List<ScriptedSilo> _others = [];

    public SiloLinkTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IMessageTransport>(_network);
        builder.Services.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = ScriptedConnection.Limit);
        builder.UseOrleans(silo => silo.UseLocalhostClustering(2, 102, new IPEndPoint(IPAddress.Loopback, 2), "service", ClusterId));
        _host = builder.Build();
    }

    private SiloAddress This => _host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    private MessageSerializer Serializer => _host.Services.GetRequiredService<SiloRuntime>().Serializer;

    private ScriptedSilo Other => _others.Single();

    public Task InitializeAsync() => _host.StartAsync();

    public async Task DisposeAsync()
    {
        _others.ForEach(other => other.Dispose());
        await _host.StopAsync().WaitAsync(ScriptedConnection.Limit);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }

    [Theory]
    [InlineData(Lower)]
    [InlineData(Higher)]
    public async Task Greeting_OfOneThatHasLostTheConnection_IsTakenAndTheOldOneClosed(int port)
    {
        var begun = await ConnectAsync(port);

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 1);

        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await AssertSendsOverAsync(second);
        await begun.ClosedAsync();
    }

    [Fact]
    public async Task Greeting_OfThisSiloWhenTheOthersConnectionHasEnded_NamesThatAsLost()
    {
        Start(Lower);
        var taken = await Other.ConnectAsync(This, attempt: 3, lost: 0);
        Assert.Equal(GreetingKind.Welcome, (await taken.GreetingAsync()).Kind);
        taken.Close();

        _ = CallAsync(Other.Address);

        var greeting = await (await Other.AcceptAsync()).GreetingAsync();
        Assert.Equal((1, 3), (greeting.Attempt, greeting.Lost));
    }

    [Theory]
    [InlineData(Lower)]
    [InlineData(Higher)]
    public async Task Greeting_ThatWasSentBeforeTheWelcome_IsYieldedTo(int port)
    {
        var begun = await ConnectAsync(port);

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);

        Assert.Equal(GreetingKind.Yield, (await second.GreetingAsync()).Kind);
        await second.ClosedAsync();
        await AssertSendsOverAsync(begun);
    }

    [Fact]
    public async Task Greeting_OfTheHigherThatCrossesThatOfThisSilo_IsYieldedTo()
    {
        var begun = await BeginAsync(Higher);

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);

        Assert.Equal(GreetingKind.Yield, (await second.GreetingAsync()).Kind);
        Other.Answer(begun, GreetingKind.Welcome);
        await begun.MessageAsync(Serializer);
        await AssertSendsOverAsync(begun);
    }

    [Fact]
    public async Task Greeting_OfTheLowerThatCrossesThatOfThisSilo_IsTakenWithWhatWaits()
    {
        var begun = await BeginAsync(Lower);

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);

        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await second.MessageAsync(Serializer);
        Other.Answer(begun, GreetingKind.Yield);
        await begun.ClosedAsync();
        await AssertSendsOverAsync(second);
        Assert.False(Other.IsCalled);
    }

    [Fact]
    public async Task Welcome_OfAnAttemptThatIsSaidToBeLost_IsNotUsed()
    {
        var begun = await BeginAsync(Lower);
        var second = await Other.ConnectAsync(This, attempt: 1, lost: 1);
        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await second.MessageAsync(Serializer);

        Other.Answer(begun, GreetingKind.Welcome);

        await begun.ClosedAsync();
        await AssertSendsOverAsync(second);
    }

    [Fact]
    public async Task Greeting_OfAnAttemptBeforeTheLastOne_IsYieldedTo()
    {
        Start(Lower);
        var second = await Other.ConnectAsync(This, attempt: 2, lost: 0);
        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);

        var first = await Other.ConnectAsync(This, attempt: 1, lost: 0);

        Assert.Equal(GreetingKind.Yield, (await first.GreetingAsync()).Kind);
        await AssertSendsOverAsync(second);
    }

    [Fact]
    public async Task Greeting_OfALaterAttempt_ReplacesTheConnectionOfAnEarlierOne()
    {
        Start(Higher);
        var first = await Other.ConnectAsync(This, attempt: 1, lost: 0);
        Assert.Equal(GreetingKind.Welcome, (await first.GreetingAsync()).Kind);

        var second = await Other.ConnectAsync(This, attempt: 2, lost: 0);

        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await first.ClosedAsync();
        await AssertSendsOverAsync(second);
    }

    [Fact]
    public async Task Yield_NoConnectionComes_ConnectsAgainAndKeepsWhatWaits()
    {
        var first = await BeginAsync(Lower);

        Other.Answer(first, GreetingKind.Yield);

        var second = await Other.AcceptAsync();
        Assert.Equal(2, (await second.GreetingAsync()).Attempt);
        Other.Answer(second, GreetingKind.Welcome);
        await second.MessageAsync(Serializer);
        await AssertSendsOverAsync(second);
    }

    [Theory]
    [InlineData(Lower)]
    [InlineData(Higher)]
    public async Task WelcomeOneWay_EachSideKeepsItsOwnConnection(int port)
    {
        var begun = await ConnectAsync(port, GreetingKind.WelcomeOneWay);

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);

        Assert.Equal(GreetingKind.WelcomeOneWay, (await second.GreetingAsync()).Kind);
        await AssertSendsOverAsync(begun);
    }

    [Fact]
    public async Task WelcomeOneWay_WhenTheOthersConnectionHasCome_IsNotUsed()
    {
        var begun = await BeginAsync(Lower);
        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);
        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await second.MessageAsync(Serializer);

        Other.Answer(begun, GreetingKind.WelcomeOneWay);

        await begun.ClosedAsync();
        await AssertSendsOverAsync(second);
    }

    [Fact]
    public async Task Silo_ThatReturnsUnderItsEndpoint_IsAnotherOne()
    {
        var begun = await ConnectAsync(Higher);
        var former = Other.Address;
        begun.Close();
        Other.Address = SiloAddress.New(former.Endpoint, former.Generation + 1);

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);
        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await AssertSendsOverAsync(second);
        var call = CallAsync(former);

        var refused = await Other.AcceptAsync();
        Assert.Equal(former.ToParsableString(), (await refused.GreetingAsync()).Text);
        Other.Answer(refused, GreetingKind.Refusal, "That silo has ended.");
        var error = await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => call.WaitAsync(ScriptedConnection.Limit));
        Assert.Contains("That silo has ended.", error.Message, StringComparison.Ordinal);
        await AssertSendsOverAsync(second);
    }

    [Fact]
    public async Task WhoeverIsAtAnEndpoint_CrossesTheGreetingOfThisSilo_IsKnownByIt()
    {
        Start(Lower);
        _ = CallWhoeverIsThereAsync();
        var begun = await Other.AcceptAsync();
        await begun.GreetingAsync();

        var second = await Other.ConnectAsync(This, attempt: 1, lost: 0);

        Assert.Equal(GreetingKind.Welcome, (await second.GreetingAsync()).Kind);
        await second.MessageAsync(Serializer);
        await AssertSendsOverAsync(second);
    }

    [Fact]
    public async Task WhoeverIsAtAnEndpoint_IsAnotherSiloNow_ItsAttemptsCountAnewAndItGetsNothingForTheFormer()
    {
        Start(Higher);
        var former = Other.Address;
        _ = CallWhoeverIsThereAsync();
        var first = await AnswerAsync(await Other.AcceptAsync(), GreetingKind.Welcome);
        await first.MessageAsync(Serializer);
        await AssertSendsOverAsync(first);
        var fifth = await Other.ConnectAsync(This, attempt: 5, lost: 1);
        Assert.Equal(GreetingKind.Welcome, (await fifth.GreetingAsync()).Kind);
        await AssertSendsOverAsync(fifth);

        fifth.Close();
        Other.Address = SiloAddress.New(former.Endpoint, former.Generation + 1);
        _ = CallWhoeverIsThereAsync();
        var second = await AnswerAsync(await Other.AcceptAsync(), GreetingKind.Welcome);
        await second.MessageAsync(Serializer);
        _ = CallAsync(former);
        Assert.Equal(former.ToParsableString(), (await (await Other.AcceptAsync()).GreetingAsync()).Text);
        var anew = await Other.ConnectAsync(This, attempt: 1, lost: 2);

        Assert.Equal(GreetingKind.Welcome, (await anew.GreetingAsync()).Kind);
        await AssertSendsOverAsync(anew);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SiloIsDeclaredDead_WhatWaitsForIt_IsSentElsewhere(bool isFirstCallAnswered)
    {
        Start(Lower);
        var management = _host.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        var locator = _host.Services.GetRequiredService<IGrainLocator>();
        await locator.RegisterAsync(
            new GrainAddress { GrainId = management.GetGrainId(), SiloAddress = Other.Address, ActivationId = ActivationId.NewId() }, null);
        var waiting = management.GetHosts(onlyActive: true);
        var begun = await Other.AcceptAsync();
        await begun.GreetingAsync();
        if (isFirstCallAnswered)
        {
            // What has been sent may have been carried out, so it must not be sent again.
            Other.Answer(begun, GreetingKind.Welcome);
            await begun.MessageAsync(Serializer);
        }

        await DeclareDeadAsync(Other.Address);

        if (isFirstCallAnswered)
        {
            await Assert.ThrowsAsync<SiloUnavailableException>(() => waiting.WaitAsync(ScriptedConnection.Limit));
        }
        else
        {
            Assert.Equal([This], (await waiting.WaitAsync(ScriptedConnection.Limit)).Keys);
        }

        Assert.Equal([This], (await management.GetHosts(onlyActive: true).WaitAsync(ScriptedConnection.Limit)).Keys);
    }

    [Theory]
    [InlineData(Greeting.MostLinks - 1, GreetingKind.Welcome)]
    [InlineData(Greeting.MostLinks, GreetingKind.Refusal)]
    [InlineData(-1, GreetingKind.Refusal)]
    public async Task Greeting_ForALink_IsTakenUpToTheMost(int link, object answer)
    {
        Start(Higher);

        var connection = await Other.ConnectAsync(This, attempt: 1, lost: 0, link);

        Assert.Equal(answer, (await connection.GreetingAsync()).Kind);
    }

    /// <summary>Sends a message and sees it come over a connection.</summary>
    private async Task AssertSendsOverAsync(ScriptedConnection connection)
    {
        _ = CallAsync(Other.Address);

        Assert.Equal(Other.Address, (await connection.MessageAsync(Serializer)).TargetSilo);
    }

    private void Start(int port) => _others.Add(new ScriptedSilo(_network, ClusterId, port, generation: 7));

    /// <summary>Has the silo begin to connect, with a message that waits.</summary>
    private async Task<ScriptedConnection> BeginAsync(int port)
    {
        Start(port);
        _ = CallAsync(Other.Address);
        var begun = await Other.AcceptAsync();
        var greeting = await begun.GreetingAsync();
        Assert.Equal((GreetingKind.Silo, 1, 0), (greeting.Kind, greeting.Attempt, greeting.Lost));
        return begun;
    }

    /// <summary>Has the silo connect, and takes its first message.</summary>
    private async Task<ScriptedConnection> ConnectAsync(int port, GreetingKind answer = GreetingKind.Welcome)
    {
        var begun = await BeginAsync(port);
        Other.Answer(begun, answer);
        await begun.MessageAsync(Serializer);
        return begun;
    }

    private async Task<ScriptedConnection> AnswerAsync(ScriptedConnection connection, GreetingKind answer)
    {
        await connection.GreetingAsync();
        Other.Answer(connection, answer);
        return connection;
    }

    private async Task DeclareDeadAsync(SiloAddress silo)
    {
        var table = _host.Services.GetRequiredService<IMembershipTable>();
        var entry = new MembershipEntry { SiloAddress = silo, Status = SiloStatus.Dead, SiloName = "other", HostName = "", StartTime = DateTime.UnixEpoch, IAmAliveTime = DateTime.UnixEpoch };
        Assert.True(await table.InsertRow(entry, (await table.ReadAll()).Version.Next()));
        await _host.Services.GetRequiredService<MembershipProtocol>().RefreshAsync(CancellationToken.None);
    }

    // Nobody answers: it ends with the host, or as the test says.
    private Task<MembershipVersion> CallAsync(SiloAddress silo) => _host.Services.GetRequiredService<Func<SiloAddress, IMembershipProbeTarget>>()(silo).ProbeAsync();

    private Task<MembershipRows> CallWhoeverIsThereAsync() =>
        _host.Services.GetRequiredService<Func<SiloAddress, IMembershipTableTarget>>()(MembershipTableTarget.AddressOf(Other.Address.Endpoint)).ReadAllAsync();
}
