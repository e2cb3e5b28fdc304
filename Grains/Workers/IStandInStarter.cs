namespace Dpark.Workers;

/// <summary>Starts a process beside this one whose worker joins the cluster as a stand-in. Provided by a host that can be started again. Thread-safe.</summary>
internal interface IStandInStarter
{
    /// <summary>Starts it, unless it runs, and waits until its worker has joined.</summary>
    /// <returns><see langword="null"/> if it runs, else why not; a clause without a full stop.</returns>
    Task<string?> StartAsync();

    /// <summary>Asks it to end, if it runs. Never throws.</summary>
    void Stop();
}
