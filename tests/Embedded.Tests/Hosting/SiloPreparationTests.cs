using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>What is prepared while the host is built is what the silo uses then, whoever is first.</summary>
public sealed class SiloPreparationTests
{
    [Fact]
    public void PrepareAll_ClassesOfThisAssembly_TheirInterfacesHaveProxies()
    {
        var prepared = SiloPreparation.PrepareAll();

        Assert.Contains(typeof(IPreparedGrain), prepared);
        Assert.Contains(typeof(IInheritedGrain), prepared);
        Assert.DoesNotContain(typeof(IGrainWithStringKey), prepared);
        Assert.Equal(nameof(IPreparedGrain.RunAsync), Assert.Single(GrainInterface.Of(typeof(IPreparedGrain)).Methods).Info.Name);
    }

    [Fact]
    public async Task PrepareAll_InSeveralThreads_EachInterfaceIsMadeOnce()
    {
        var found = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            SiloPreparation.PrepareAll();
            return GrainInterface.Of(typeof(IPreparedGrain));
        })));

        Assert.All(found, one => Assert.Same(found[0], one));
    }

    public interface IPreparedGrain : IGrainWithStringKey
    {
        Task RunAsync();
    }

    internal sealed class PreparedGrain : Grain, IPreparedGrain
    {
        public Task RunAsync() => Task.CompletedTask;
    }

    public interface IInheritedGrain : IGrainWithStringKey
    {
        Task RunAsync();
    }

    internal abstract class GenericGrain<T> : Grain, IInheritedGrain
    {
        public Task RunAsync() => Task.FromResult(default(T));
    }

    // Only its generic base class says that it is a grain.
    internal sealed class InheritedGrain : GenericGrain<int>;
}
