using System.Reflection;
using System.Runtime.Loader;
using Dpark.Closures;
using Dpark.Driver;

namespace Dpark.Jobs;

/// <summary>Code that only the driver has goes to the workers.</summary>
public sealed class ShippedCodeTests(ClusterEngine engine) : IClassFixture<ClusterEngine>
{
    private const string Job = """
        using System.Threading.Tasks;
        using Dpark.Rdds;
        namespace Contoso;
        public static class Pricing
        {
            public static int Factor = FACTOR;
            public static int Apply(int value) => value * Factor;
        }
        public static class Job
        {
            public static Task<int[]> Run(IRddContext context) => context.Parallelize(new[] { 1, 2, 3, 4 }, 4).Map(n => Pricing.Apply(n)).CollectAsync();
        }
        """;

    [Fact]
    public async Task LibraryThatNoWorkerHas_RunsOnTheCluster()
    {
        await using var context = (DparkContext)await engine.NewContextAsync();
        using var library = new LoadedLibrary("Contoso.Jobs", Job.Replace("FACTOR", "10", StringComparison.Ordinal), context);

        var results = await Wait.For(library.RunAsync(context), "the job");

        Assert.Equal([10, 20, 30, 40], results);
    }

    [Fact]
    public async Task LibraryThatNoWorkerHas_RunsInLocalMode()
    {
        await using var context = await DparkContext.LocalAsync(new LocalOptions { SlotCount = 2 });
        using var library = new LoadedLibrary("Contoso.Jobs", Job.Replace("FACTOR", "11", StringComparison.Ordinal), context);

        var results = await Wait.For(library.RunAsync(context), "the job");

        Assert.Equal([11, 22, 33, 44], results);
    }

    [Fact]
    public async Task TwoApplications_DifferentBuildsOfOneLibrary_EachRunsItsOwn()
    {
        await using var one = (DparkContext)await engine.NewContextAsync();
        await using var other = (DparkContext)await engine.NewContextAsync();
        using var old = new LoadedLibrary("Contoso.Jobs", Job.Replace("FACTOR", "2", StringComparison.Ordinal), one);
        using var current = new LoadedLibrary("Contoso.Jobs", Job.Replace("FACTOR", "3", StringComparison.Ordinal), other);

        var results = await Wait.For(Task.WhenAll(old.RunAsync(one), current.RunAsync(other)), "both jobs");

        Assert.Equal([2, 4, 6, 8], results[0]);
        Assert.Equal([3, 6, 9, 12], results[1]);
    }

    /// <summary>A library in a context that workers do not look into, as in a driver that is another process.</summary>
    private sealed class LoadedLibrary : IDisposable
    {
        private readonly AssemblyLoadContext _context = new("driver", isCollectible: true);
        private readonly Assembly _assembly;

        public LoadedLibrary(string name, string source, DparkContext context)
        {
            var library = CompiledLibrary.Compile(name, source);
            using var stream = new MemoryStream(library.Image);
            _assembly = _context.LoadFromStream(stream);
            context.Code.Register(_assembly, library.Image);
        }

        public Task<int[]> RunAsync(DparkContext context) => (Task<int[]>)_assembly.GetType("Contoso.Job")!.GetMethod("Run")!.Invoke(null, [context])!;

        public void Dispose() => _context.Unload();
    }
}
