using Microsoft.Extensions.Logging;

namespace Orleans;

internal sealed class ClusterClientLifecycle(ILogger<ClusterClientLifecycle> logger) : LifecycleSubject(logger), IClusterClientLifecycle;
