using Dpark.Applications;
using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>Keys of cached partition grains.</summary>
public static class CachedPartitionKeys
{
    /// <summary>The key of a partition, such as <c>app-1/rdd-3/17</c>.</summary>
    public static string KeyOf(AppId application, RddId rdd, int partitionIndex) => $"{application.Value}/{rdd}/{partitionIndex}";
}
