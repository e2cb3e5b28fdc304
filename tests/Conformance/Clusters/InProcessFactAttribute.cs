namespace Dpark.Conformance.Clusters;

/// <summary>A test that uses the service provider of a silo or starts hosts of its own. Skipped where silos are other processes.</summary>
public sealed class InProcessFactAttribute : FactAttribute
{
    public InProcessFactAttribute()
    {
        if (!ClusterHosting.IsInProcess)
        {
            Skip = "Needs silos in the process of the test.";
        }
    }
}
