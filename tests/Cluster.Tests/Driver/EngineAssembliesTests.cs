using Dpark.Closures;

namespace Dpark.Driver;

/// <summary>What travels with a job: the program's assemblies, and none of the engine, of which every worker has all.</summary>
public sealed class EngineAssembliesTests
{
    [Fact]
    public void DescribeWithReferences_OfAProgram_HasNoneOfTheEngine()
    {
        string[] engine =
        [
            typeof(CodeCatalog).Assembly.GetName().Name!, typeof(DparkContext).Assembly.GetName().Name!, typeof(LocalOptions).Assembly.GetName().Name!,
        ];

        var names = new CodeCatalog().DescribeWithReferences(typeof(EngineAssembliesTests).Assembly).Select(module => module.Name).ToList();

        Assert.Contains("Dpark.Orleans.Cluster.Tests", names);
        Assert.Equal(3, engine.Distinct().Count());
        Assert.Empty(names.Intersect(engine));
    }
}
