namespace Dpark.Conformance.Clusters;

internal static class TestKeys
{
    /// <summary>A grain key that no other test uses.</summary>
    public static string New(string name = "key") => $"{name}-{Guid.NewGuid():N}";
}
