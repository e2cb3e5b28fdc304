namespace Dpark.Scheduling;

/// <summary>How near a worker must be to the data of a task, the nearest first.</summary>
internal enum Locality
{
    /// <summary>The worker itself is preferred.</summary>
    Worker = 0,

    /// <summary>The worker's host is preferred.</summary>
    Host = 1,

    /// <summary>The task prefers no place that is there, or is tried again: it never waits.</summary>
    NoPreference = 2,

    /// <summary>Any worker.</summary>
    Any = 3,
}
