using Dpark.TestKit;

namespace Dpark.Tests.Process.Clusters;

/// <summary>A test that needs redis-server; skipped where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RedisFactAttribute : FactAttribute
{
    public RedisFactAttribute()
    {
        if (!RedisServer.IsInstalled)
        {
            Skip = RedisServer.SkipReason;
        }
    }
}

/// <summary>As <see cref="RedisFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RedisTheoryAttribute : TheoryAttribute
{
    public RedisTheoryAttribute()
    {
        if (!RedisServer.IsInstalled)
        {
            Skip = RedisServer.SkipReason;
        }
    }
}
