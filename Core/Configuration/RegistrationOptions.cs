namespace Dpark.Configuration;

/// <summary>What a worker tells the cluster about itself, and how often. Bound from <c>Dpark:Registration</c>.</summary>
public sealed class RegistrationOptions
{
    /// <summary>Time between two registrations at the master. From 100 ms to 1 minute. Default: 5 s.</summary>
    /// <remarks>A master that had to move to another silo asks all workers at once; this is for those that it could not reach then.</remarks>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two checks whether the applications of which the worker holds something still run. From 1 s to 1 hour. Default: 30 s.</summary>
    public TimeSpan ApplicationCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Name or address of the machine, compared with the hosts that data is on. Default: none, which means the machine's own name.</summary>
    public string? Host { get; set; }

    /// <summary>Memory of the worker as it is shown to users. At least 0. Default: 0, which means what the process may use.</summary>
    public long MemoryBytes { get; set; }
}
