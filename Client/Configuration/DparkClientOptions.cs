using System.Reflection;
using Dpark.Closures;
using Dpark.Jobs;

namespace Dpark.Configuration;

/// <summary>How one application runs its jobs. Bound from <c>Dpark:Client</c>; its areas from <c>Dpark:Scheduler</c>, <c>Dpark:Partitioning</c>, <c>Dpark:Closures</c> and <c>Dpark:BlockClient</c>.</summary>
public sealed class DparkClientOptions
{
    /// <summary>What people read in lists of applications; need not be unique. At most 200 characters. Default: the name of the program.</summary>
    public string ApplicationName { get; set; } = Assembly.GetEntryAssembly()?.GetName().Name ?? "dpark";

    /// <summary>
    /// Partitions where an operator names no number. From 1 to 1,000,000. Default: none, which means that shuffles of files have as many as their size asks for
    /// (<c>Dpark:Partitioning</c>), and others one per slot of the cluster when the application was started, before that per processor of this machine.
    /// </summary>
    public int? DefaultParallelism { get; set; }

    /// <summary>How long the cluster keeps the application after its driver fell silent. From 1 s to 1 hour. Default: 30 s.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of all results of one job together, as they travel; more fail the job. At least 0; 0 means no limit. Default: 1 GiB.</summary>
    /// <remarks>Does not count for streaming actions, which hold a few partitions only.</remarks>
    public long MaxResultBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Bytes of map outputs of all jobs after which the next job has the runtime collect young garbage of the driver, at least: outputs stay until the last RDD that could read them was
    /// collected. At least 0; 0 means never, so that they stay until the runtime collects by itself. Default: 32 MiB.
    /// </summary>
    /// <remarks>Takes a few milliseconds, more where the program has much young garbage of its own. Where no map output can be deleted afterwards, it is done more rarely.</remarks>
    public long CollectAfterShuffleBytes { get; set; } = 32L << 20;

    /// <summary>The cluster's secret, as the workers have it. Default: none, which is enough for a cluster on loopback.</summary>
    public string? ClusterSecret { get; set; }

    /// <summary>Whether progress is written to the console: one line per stage. Default: <see langword="false"/>.</summary>
    public bool ShowProgress { get; set; }

    /// <summary>Told about every job, from the start on. More can be added later by <see cref="DparkContext.Subscribe"/>.</summary>
    public IList<IJobListener> Listeners { get; } = [];

    /// <summary>Retries, waits and limits of jobs.</summary>
    public SchedulerOptions Scheduler { get; } = new();

    /// <summary>Into how many partitions data is cut.</summary>
    public PartitioningOptions Partitioning { get; } = new();

    /// <summary>Limits of closures.</summary>
    public ClosureOptions Closures { get; } = new();

    /// <summary>How blocks of workers are read and written.</summary>
    public BlockClientOptions BlockClient { get; } = new();
}
