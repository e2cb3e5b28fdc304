using Xunit.Sdk;

namespace Dpark.Conformance.Clusters;

/// <summary>A test that uses the service provider of a silo or starts hosts of its own. Skipped where silos are other processes. The trait lets a run leave it out by <c>Hosting!=InProcess</c>.</summary>
[TraitDiscoverer(HostingTraitDiscoverer.Name, HostingTraitDiscoverer.Assembly)]
public sealed class InProcessFactAttribute : FactAttribute, ITraitAttribute
{
    public InProcessFactAttribute()
    {
        if (!ClusterHosting.IsInProcess)
        {
            Skip = "Needs silos in the process of the test.";
        }
    }
}
