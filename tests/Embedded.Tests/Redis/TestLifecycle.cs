using Microsoft.Extensions.Logging.Abstractions;
using Orleans;
using Orleans.Runtime;

namespace Dpark.Tests.Redis;

/// <summary>A silo's lifecycle without a silo.</summary>
internal sealed class TestLifecycle() : LifecycleSubject(NullLogger.Instance), ISiloLifecycle
{
    public int HighestCompletedStage => 0;

    public int LowestStoppedStage => 0;
}
