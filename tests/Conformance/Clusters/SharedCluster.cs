namespace Dpark.Conformance.Clusters;

/// <summary>Three silos with default options, for the tests that need no others and finish quickly.</summary>
public sealed class SharedCluster : ClusterFixture;

[CollectionDefinition(Name)]
public sealed class SharedClusterCollection : ICollectionFixture<SharedCluster>
{
    public const string Name = "Shared cluster";
}
