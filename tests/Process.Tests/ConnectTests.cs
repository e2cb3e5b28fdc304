using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dpark.Clusters;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tests.Process.Clusters;
using Dpark.TestKit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Dpark.Tests.Process;

/// <summary>A client that connects to a cluster of other processes, and what it says when it cannot.</summary>
public sealed class ConnectTests(ConnectTests.WarmSilo silo) : IClassFixture<ConnectTests.WarmSilo>
{
    private const string Secret = "the secret of this test";

    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Connect_Gateway_RunsCodeThatTheSiloDoesNotHave()
    {
        await using var dpark = await DparkContext.ConnectAsync(NewOptions(silo.Gateway));

        var sum = await dpark.Range(0, 1000).Map(n => new Numbers(n, n * n)).Map(numbers => numbers.Square).ReduceAsync((a, b) => a + b);

        Assert.Equal(Enumerable.Range(0, 1000).Sum(n => (long)n * n), sum);
    }

    [Fact]
    public async Task Connect_WrongOptions_NamesAllOfThem()
    {
        var options = new ConnectOptions { Gateways = { "here" }, Redis = "there:0", ClusterId = " ", Client = { Lease = TimeSpan.Zero } };

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => DparkContext.ConnectAsync(options));

        Assert.Equal(5, failure.Failures.Count());
        Assert.Contains("ConnectOptions:Gateways is 'here'. Set HOST:PORT, with a port from 1 to 65535: it is called there.", failure.Failures);
    }

    [Fact]
    public async Task Connect_NobodyAtTheGateways_NamesThemWithinItsTime()
    {
        var failure = await FailAsync(NewOptions("127.0.0.1:1", "127.0.0.1:2"));

        Assert.Contains("Cluster 'dev' (gateways 127.0.0.1:1, 127.0.0.1:2)", failure.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:2: nothing listens there", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_SiloThatIsStopped_SaysThatNobodyAnswers()
    {
        await using var stopped = ChildSilo.Start(["--localhost", "--cores", "1"]);
        await stopped.Ready;
        stopped.Send(Signal.Stop);

        var failure = await FailAsync(NewOptions(stopped.Gateway));

        Assert.Contains(stopped.Gateway, failure.Message, StringComparison.Ordinal);
        Assert.Contains("takes connections", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_AnotherClusterId_SaysSo()
    {
        var options = NewOptions(silo.Gateway);
        options.ClusterId = "another";

        var failure = await FailAsync(options);

        Assert.Equal("another", failure.ClusterId);
        Assert.Contains("check that it is a silo's gateway port, that the silo has this cluster id", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another secret than the silo's")]
    public async Task Connect_WrongSecret_SaysSo(string? secret)
    {
        var options = NewOptions(silo.Gateway);
        options.Client.ClusterSecret = secret;

        var failure = await FailAsync(options);

        Assert.Contains("It does not know the cluster's secret", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_RedisIsDown_NamesIt()
    {
        var failure = await FailAsync(new() { Redis = "127.0.0.1:1" });

        Assert.Contains("Cluster 'dev' (Redis 127.0.0.1:1) cannot be used: Redis does not answer (nothing listens there).", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_RedisIsMute_IsWaitedForAsLongAsTheCallerAllows()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();

        var failure = await FailAsync(new() { Redis = mute.LocalEndpoint.ToString(), Timeout = TimeSpan.FromSeconds(3.5) });

        Assert.Contains("Redis does not answer (no answer within 3.5 s)", failure.Message, StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Connect_RedisWithoutTheCluster_SaysSo()
    {
        await using var redis = await RedisServer.StartAsync();

        var failure = await FailAsync(new() { Redis = redis.Address, ClusterId = "absent" });

        Assert.Contains($"Cluster 'absent' (Redis {redis.Address}) cannot be used", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Check that silos of that cluster id run with this Redis", failure.Message, StringComparison.Ordinal);
    }

    private static ConnectOptions NewOptions(params string[] gateways)
    {
        var options = new ConnectOptions { MinimumLogLevel = LogLevel.None, Client = { ClusterSecret = Secret } };
        Array.ForEach(gateways, options.Gateways.Add);
        return options;
    }

    private static async Task<ClusterUnreachableException> FailAsync(ConnectOptions options)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<ClusterUnreachableException>(() => DparkContext.ConnectAsync(options));
        Assert.True(Stopwatch.GetElapsedTime(startedAt) < Promise, $"It took {Stopwatch.GetElapsedTime(startedAt)} to say: {failure.Message}");
        return failure;
    }

    private sealed record Numbers(long Value, long Square);

    /// <summary>A silo that has answered before, so that no test measures its start.</summary>
#pragma warning disable CA1001 // xunit calls DisposeAsync.
    public sealed class WarmSilo : IAsyncLifetime
#pragma warning restore CA1001
    {
        private readonly TestDirectory _directory = new();
        private ChildSilo _silo = null!;

        internal string Gateway => _silo.Gateway;

        public async Task InitializeAsync()
        {
            _silo = ChildSilo.Start(
                ["--localhost", "--work-dir", _directory.WorkPath, "--cores", "1", "--secret-file", _directory.Write("secret", $"{Secret}\n")]);
            await _silo.Ready;
            var options = NewOptions(_silo.Gateway);
            options.Timeout = TimeSpan.FromMinutes(1);
            await using var dpark = await DparkContext.ConnectAsync(options);
        }

        public async Task DisposeAsync()
        {
            await _silo.DisposeAsync();
            _directory.Dispose();
        }
    }
}
