using System.Threading.Channels;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Activations;

/// <summary>What was disposed in a silo, in order.</summary>
public sealed class DisposalRecord
{
    public Channel<string> Disposed { get; } = Channel.CreateUnbounded<string>();
}

/// <summary>A scoped service.</summary>
public sealed class ScopedPart(DisposalRecord record) : IDisposable
{
    public Guid Id { get; } = Guid.NewGuid();

    public void Dispose() => record.Disposed.Writer.TryWrite($"part {Id}");
}

[Alias("conformance.IScopedGrain")]
public interface IScopedGrain : IGrainWithStringKey
{
    /// <summary>The id of the scoped service, which the constructor and the grain's own provider must agree on.</summary>
    [Alias("PartId")]
    Task<Guid> PartIdAsync();

    [Alias("Deactivate")]
    Task DeactivateAsync();
}

[GrainType("conformance.scoped"), RandomPlacement]
public sealed class ScopedGrain(ScopedPart part, DisposalRecord record) : Grain, IScopedGrain, IAsyncDisposable
{
    public Task<Guid> PartIdAsync() =>
        Task.FromResult(ReferenceEquals(part, ServiceProvider.GetRequiredService<ScopedPart>()) ? part.Id : Guid.Empty);

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        record.Disposed.Writer.TryWrite("deactivated");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        record.Disposed.Writer.TryWrite("grain");
        return ValueTask.CompletedTask;
    }
}

public sealed class ScopeCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<ScopedSilo>();

    public sealed class ScopedSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.Services.AddSingleton<DisposalRecord>().AddScoped<ScopedPart>();
    }
}

public sealed class ScopeTests(ScopeCluster cluster) : IClassFixture<ScopeCluster>
{
    [InProcessFact]
    public async Task Activation_HasAScope_ThatEndsAfterTheGrain()
    {
        var first = cluster.Client.GetGrain<IScopedGrain>(TestKeys.New());
        var second = cluster.Client.GetGrain<IScopedGrain>(TestKeys.New());
        var disposed = cluster.Cluster.GetSiloServiceProvider().GetRequiredService<DisposalRecord>().Disposed.Reader;

        var firstId = await first.PartIdAsync().Within("the scoped service of the first grain");
        var secondId = await second.PartIdAsync().Within("the scoped service of the second grain");
        await first.DeactivateAsync().Within("the deactivation");
        var order = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            order.Add(await disposed.ReadAsync().AsTask().Within($"disposal {i}"));
        }

        Assert.NotEqual(Guid.Empty, firstId);
        Assert.NotEqual(firstId, secondId);
        Assert.Equal(["deactivated", "grain", $"part {firstId}"], order);
    }
}
