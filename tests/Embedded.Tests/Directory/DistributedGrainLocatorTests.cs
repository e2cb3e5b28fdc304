using System.Collections.Concurrent;
using Dpark.Tests.Membership;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Directory;

/// <summary>
/// Directories of several silos that call each other directly, over one membership table. No gossip: a silo learns of a change when it must.
/// </summary>
public sealed class DistributedGrainLocatorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly Cluster _cluster = new();

    [Fact]
    public async Task RegisterAsync_RaceOfAllSilos_HasOneWinner()
    {
        var silos = await _cluster.StartAsync(1, 2, 3);

        foreach (var grain in Grains(50))
        {
            var winners = await Task.WhenAll(silos.Select(silo => silo.Locator.RegisterAsync(silo.NewAddress(grain), null).AsTask())).WaitAsync(Limit);

            Assert.Single(winners.Select(winner => winner.ActivationId).Distinct());
        }
    }

    [Fact]
    public async Task LookupAsync_RegisteredElsewhere_IsFoundAndRemembered()
    {
        var silos = await _cluster.StartAsync(1, 2, 3);
        var addresses = new List<GrainAddress>();
        foreach (var grain in Grains(50))
        {
            addresses.Add(await silos[0].Locator.RegisterAsync(silos[0].NewAddress(grain), null));
        }

        foreach (var address in addresses)
        {
            Assert.Equal(address.ActivationId, (await silos[1].Locator.LookupAsync(address.GrainId, CancellationToken.None))?.ActivationId);
            Assert.True(silos[1].Locator.TryLookupCached(address.GrainId, out var cached));
            Assert.Equal(address.ActivationId, cached.ActivationId);
        }
    }

    [Fact]
    public async Task UnregisterAsync_Registered_IsGoneForAll()
    {
        var silos = await _cluster.StartAsync(1, 2);
        foreach (var grain in Grains(20))
        {
            var address = await silos[0].Locator.RegisterAsync(silos[0].NewAddress(grain), null);

            await silos[0].Locator.UnregisterAsync(address);

            Assert.Null(await silos[0].Locator.LookupAsync(grain, CancellationToken.None));
            Assert.Null(await silos[1].Locator.LookupAsync(grain, CancellationToken.None));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SiloLeaves_RegistrationsOfOthers_AreKept(bool isSilent)
    {
        var silos = await _cluster.StartAsync(1, 2, 3);
        var addresses = await RegisterAsync(silos, 150);

        await _cluster.EndAsync(silos[2], isSilent);
        await silos[0].Protocol.RefreshAsync(CancellationToken.None);

        foreach (var address in addresses)
        {
            var found = await silos[0].Locator.LookupAsync(address.GrainId, CancellationToken.None).AsTask().WaitAsync(Limit);
            Assert.Equal(address.SiloAddress!.Equals(silos[2].Address) ? null : address.ActivationId, found?.ActivationId);
        }
    }

    [Fact]
    public async Task SiloJoins_Registrations_AreKept()
    {
        var silos = await _cluster.StartAsync(1, 2);
        var addresses = await RegisterAsync(silos, 150);

        var joined = (await _cluster.StartAsync(3))[0];

        foreach (var address in addresses)
        {
            var found = await joined.Locator.LookupAsync(address.GrainId, CancellationToken.None).AsTask().WaitAsync(Limit);
            Assert.Equal(address.ActivationId, found?.ActivationId);
            Assert.Equal(address.ActivationId, (await silos[0].Locator.LookupAsync(address.GrainId, CancellationToken.None))?.ActivationId);
        }
    }

    [Fact]
    public async Task RegisterAsync_WhileSilosJoinAndLeave_EachGrainHasOneActivationThatAllFind()
    {
        var silos = (await _cluster.StartAsync(1, 2)).ToList();
        var grains = Grains(400).ToList();
        var active = new ConcurrentDictionary<GrainId, ConcurrentBag<GrainAddress>>();
        var registering = Task.WhenAll(silos.Select(silo => Task.Run(async () =>
        {
            foreach (var grain in grains)
            {
                var mine = silo.NewAddress(grain);
                if ((await silo.Locator.RegisterAsync(mine, null)).ActivationId == mine.ActivationId)
                {
                    active.GetOrAdd(grain, _ => []).Add(mine);
                }

                await Task.Yield();
            }
        })));

        foreach (var number in new[] { 3, 4, 5 })
        {
            var joined = (await _cluster.StartAsync(number))[0];
            await _cluster.EndAsync(joined, isSilent: number == 4);
        }

        await registering.WaitAsync(Limit);
        Assert.All(grains, grain => Assert.Single(active[grain]));
        foreach (var grain in grains)
        {
            var found = await silos[1].Locator.LookupAsync(grain, CancellationToken.None).AsTask().WaitAsync(Limit);
            Assert.Equal(active[grain].Single().ActivationId, found?.ActivationId);
        }
    }

    [Fact]
    public async Task RegisterAsync_StaleEntryOfSameSilo_IsReplaced()
    {
        var silos = await _cluster.StartAsync(1, 2);
        foreach (var grain in Grains(20))
        {
            await silos[0].Locator.RegisterAsync(silos[0].NewAddress(grain), null);

            var next = silos[0].NewAddress(grain);

            Assert.Equal(next.ActivationId, (await silos[0].Locator.RegisterAsync(next, null)).ActivationId);
        }
    }

    [Fact]
    public async Task RegisterAsync_NoActiveSilo_Throws()
    {
        var silo = _cluster.Add(1);

        await Assert.ThrowsAsync<OrleansException>(() => silo.Locator.RegisterAsync(silo.NewAddress(Grains(1).First()), null).AsTask());
    }

    private static IEnumerable<GrainId> Grains(int count) => Enumerable.Range(0, count).Select(n => GrainId.Create("test", $"{n}"));

    private static async Task<List<GrainAddress>> RegisterAsync(IReadOnlyList<Node> silos, int count)
    {
        var addresses = new List<GrainAddress>();
        foreach (var (index, grain) in Grains(count).Index())
        {
            var silo = silos[index % silos.Count];
            addresses.Add(await silo.Locator.RegisterAsync(silo.NewAddress(grain), null));
        }

        return addresses;
    }

    private sealed class Cluster
    {
        private readonly InMemoryMembershipTable _table = new();
        private readonly ConcurrentDictionary<SiloAddress, Node> _nodes = [];

        public Node Add(int number)
        {
            var details = new FakeSilo(number);
            var view = new MembershipView();
            var protocol = new MembershipProtocol(_table, details, view, new NoGossip(), TimeProvider.System, NullLogger<MembershipProtocol>.Instance);
            var state = new DirectoryState(details.SiloAddress);
            var locator = new DistributedGrainLocator(
                details,
                state,
                view,
                protocol,
                silo => new Link(this, silo),
                Options.Create(new GrainDirectoryOptions()),
                TimeProvider.System,
                NullLogger<DistributedGrainLocator>.Instance);
            return _nodes[details.SiloAddress] = new Node(details.SiloAddress, protocol, locator, new DirectoryPartition(details, state, locator));
        }

        public async Task<List<Node>> StartAsync(params int[] numbers)
        {
            var nodes = numbers.Select(Add).ToList();
            foreach (var node in nodes)
            {
                await node.Protocol.JoinAsync(CancellationToken.None);
                await node.Protocol.UpdateStatusAsync(SiloStatus.Active, CancellationToken.None);
            }

            return nodes;
        }

        /// <param name="isSilent">Whether the silo stops to answer before anybody says that it is dead.</param>
        public async Task EndAsync(Node node, bool isSilent)
        {
            if (isSilent)
            {
                _nodes.TryRemove(node.Address, out _);
                await node.Protocol.DeclareDeadAsync(node.Address, CancellationToken.None);
            }
            else
            {
                await node.Protocol.UpdateStatusAsync(SiloStatus.ShuttingDown, CancellationToken.None);
                await node.Protocol.UpdateStatusAsync(SiloStatus.Dead, CancellationToken.None);
                _nodes.TryRemove(node.Address, out _);
            }
        }

        /// <summary>The silo's partition, if it answers.</summary>
        public async Task<T> AskAsync<T>(SiloAddress silo, Func<IDirectoryPartition, Task<T>> question)
        {
            await Task.Yield();
            return _nodes.TryGetValue(silo, out var node)
                ? await question(node.Partition)
                : throw new SiloUnavailableException($"{silo} does not answer.");
        }
    }

    private sealed record Node(SiloAddress Address, MembershipProtocol Protocol, DistributedGrainLocator Locator, IDirectoryPartition Partition)
    {
        public GrainAddress NewAddress(GrainId grain) => new() { GrainId = grain, ActivationId = ActivationId.NewId(), SiloAddress = Address };
    }

    private sealed class Link(Cluster cluster, SiloAddress silo) : IDirectoryPartition
    {
        public Task<DirectoryReply> RegisterAsync(GrainAddress address, GrainAddress? previous, MembershipVersion version) =>
            cluster.AskAsync(silo, partition => partition.RegisterAsync(address, previous, version));

        public Task<DirectoryReply> LookupAsync(GrainId grain, MembershipVersion version) =>
            cluster.AskAsync(silo, partition => partition.LookupAsync(grain, version));

        public Task<DirectoryReply> UnregisterAsync(GrainAddress address, MembershipVersion version) =>
            cluster.AskAsync(silo, partition => partition.UnregisterAsync(address, version));

        public Task<List<GrainAddress>> GetRegistrationsAsync(List<HashRange> ranges, MembershipVersion version) =>
            cluster.AskAsync(silo, partition => partition.GetRegistrationsAsync(ranges, version));
    }

    private sealed class NoGossip : IMembershipGossip
    {
        public void Send(ClusterMembershipSnapshot snapshot, SiloAddress changed)
        {
        }
    }
}
