using System.Net;
using System.Net.Sockets;
using Dpark.TestKit;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Hosting;

public sealed class WorkerHostTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _root = Directory.CreateTempSubdirectory("dpark-test-").FullName;

    [Fact]
    public async Task Start_OptionsWrong_NamesAllAndLeavesNothing()
    {
        using var host = BuildHost(options =>
        {
            options.Executor.SlotCount = 0;
            options.Registration.Interval = TimeSpan.Zero;
        });

        var failure = await FailToStartAsync<OptionsValidationException>(host);

        Assert.Equal(2, failure.Failures.Count());
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public async Task Start_BlockServerOpenWithoutTlsAndSecret_IsRefusedBeforeTheSiloJoins()
    {
        using var host = BuildHost(options =>
        {
            options.BlockServer.ListenHost = "0.0.0.0";
            options.BlockServer.AdvertisedHost = "127.0.0.1";
        });

        var failure = await FailToStartAsync<OptionsValidationException>(host);

        Assert.Equal(["ClusterSecret", "Tls"], failure.Failures.Select(text => text.Split(' ', ':')[2]));
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public async Task Start_PortInUse_SaysSoAndLeavesNothing()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        using var host = BuildHost(options => options.BlockServer.Port = port);

        var failure = await FailToStartAsync<IOException>(host);

        Assert.Contains($"{port}", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public async Task Start_RootIsAFile_SaysWhich()
    {
        var file = Path.Combine(_root, "file");
        await File.WriteAllTextAsync(file, "");
        using var host = BuildHost(options =>
        {
            options.WorkDirectory.Roots.Clear();
            options.WorkDirectory.Roots.Add(file);
        });

        var failure = await FailToStartAsync<IOException>(host);

        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SiloFailsWhileTheWorkerStarts_LeavesNothing()
    {
        var failing = new FailingWhenWorkerRuns();
        using var host = BuildHost(_ => { }, silo => silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services =>
        {
            failing.Worker = services.GetRequiredService<LocalWorker>();
            return failing;
        }));

        await Assert.ThrowsAsync<NotSupportedException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Empty(Directory.GetFileSystemEntries(_root));
        Assert.Throws<WorkerUnavailableException>(() => failing.Worker!.Get());
        await HostEnd.EndAsync(host, isStarted: false).WaitAsync(Limit);
    }

    [Fact]
    public async Task Stop_AfterStart_DeletesWorkDirectoriesAndClosesTheServer()
    {
        using var host = BuildHost(_ => { });
        await host.StartAsync().WaitAsync(Limit);
        var worker = host.Services.GetRequiredService<LocalWorker>().Get().Info;
        var directories = Directory.GetDirectories(_root);

        await host.StopAsync().WaitAsync(Limit);

        Assert.Single(directories);
        Assert.Empty(Directory.GetFileSystemEntries(_root));
        Assert.Throws<WorkerUnavailableException>(() => host.Services.GetRequiredService<LocalWorker>().Get());
        using var client = new TcpClient();
        var endpoint = IPEndPoint.Parse(worker.BlockEndpoint);
        await Assert.ThrowsAnyAsync<SocketException>(() => client.ConnectAsync(endpoint));
    }

    [Fact]
    public async Task AddDparkWorker_Twice_AddsOneWorkerWithBothConfigurations()
    {
        using var host = BuildHost(options => options.Executor.SlotCount = 3, silo => silo.AddDparkWorker(options => options.Registration.Host = "rack-1"));

        await host.StartAsync().WaitAsync(Limit);

        var worker = host.Services.GetRequiredService<LocalWorker>().Get().Info;
        Assert.Equal((3, "rack-1"), (worker.SlotCount, worker.Host));
        Assert.Single(host.Services.GetServices<WorkerHost>());
        await host.StopAsync().WaitAsync(Limit);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Starts a host that cannot start, and ends it.</summary>
    /// <returns>What is wrong.</returns>
    private static async Task<TException> FailToStartAsync<TException>(IHost host)
        where TException : Exception
    {
        var failure = await Assert.ThrowsAnyAsync<TException>(() => host.StartAsync().WaitAsync(Limit));
        await HostEnd.EndAsync(host, isStarted: false).WaitAsync(Limit);
        return failure;
    }

    private IHost BuildHost(Action<DparkWorkerOptions> configure, Action<ISiloBuilder>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
        {
            var id = Guid.NewGuid().ToString("N");
            silo.UseLocalhostClustering(FreePorts.Next(), FreePorts.Next(), primarySiloEndpoint: null, id, id);
            silo.AddDparkWorker(options =>
            {
                options.WorkDirectory.Roots.Add(_root);
                configure(options);
            });
            more?.Invoke(silo);
        });
        return builder.Build();
    }

    /// <summary>Fails the silo's start at a stage before that of the worker, when the worker, which begins earlier, runs.</summary>
    private sealed class FailingWhenWorkerRuns : ILifecycleParticipant<ISiloLifecycle>
    {
        public LocalWorker? Worker { get; set; }

        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
            nameof(FailingWhenWorkerRuns), ServiceLifecycleStage.RuntimeInitialize, FailAsync, _ => Task.CompletedTask);

        private async Task FailAsync(CancellationToken cancellationToken)
        {
            using var limit = new CancellationTokenSource(Limit);
            while (!IsRunning())
            {
                await Task.Delay(1, limit.Token);
            }

            throw new NotSupportedException("This silo is to fail.");
        }

        private bool IsRunning()
        {
            try
            {
                return Worker!.Get() is not null;
            }
            catch (WorkerUnavailableException)
            {
                return false;
            }
        }
    }
}
