using Dpark.TestKit;

namespace Dpark.Tests.Redis;

/// <summary>A test that needs redis-server; skipped with a message where it is missing.</summary>
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
