namespace Dpark.Conformance.Clusters;

/// <summary>A test of what happens to processes. Skipped where silos have none of their own.</summary>
public sealed class ProcessFactAttribute : FactAttribute
{
    public ProcessFactAttribute()
    {
        if (ClusterHosting.IsInProcess)
        {
            Skip = "Needs silos in processes of their own.";
        }
    }
}
