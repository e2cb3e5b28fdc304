using Dpark.Configuration;
using Dpark.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpark;

/// <summary>A run with its one worker in this process.</summary>
public sealed class LocalOptions
{
    /// <summary>Tasks that run at once. From 1 to 4096. Default: the number of processors.</summary>
    public int SlotCount { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// Where files of shuffles are kept, main place first, each an absolute path. Default: none, which means the variable <c>DPARK_WORK_DIR</c> (separated by
    /// commas), and without it the system's temporary directory.
    /// </summary>
    public IList<string> WorkDirectories { get; } = [];

    /// <summary>Bytes that cached partitions may take. At least 0; 0 keeps nothing. Default: none, which means 40 % of the memory that the process may use.</summary>
    public long? CacheBytes { get; set; }

    /// <summary>Where the engine writes what it has to say. Default: none, which means lines on standard error, of <see cref="MinimumLogLevel"/> and above.</summary>
    public ILoggerFactory? Loggers { get; set; }

    /// <summary>What standard error gets. Not used if <see cref="Loggers"/> is set. Default: <see cref="LogLevel.Warning"/>.</summary>
    public LogLevel MinimumLogLevel { get; set; } = LogLevel.Warning;

    /// <summary>Options of the driver.</summary>
    public DparkClientOptions Client { get; } = new();

    /// <summary>Changes options of the worker that have no property here; called last.</summary>
    public Action<DparkWorkerOptions>? ConfigureWorker { get; set; }
}
