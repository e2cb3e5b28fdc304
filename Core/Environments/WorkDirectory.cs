using Dpark.Configuration;
using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

/// <summary>The directories of one run of one process: one under each root. Gives out names of temporary files and deletes everything at the end. Thread-safe.</summary>
public sealed class WorkDirectory
{
    private WorkDirectory(string id) => Id = id;

    /// <summary>Names the run, such as <c>host-1f3a9c...</c>; the name of the directory under each root.</summary>
    public string Id { get; }

    /// <summary>The main directory. It exists.</summary>
    public string MainPath => throw new NotImplementedException();

    /// <summary>All usable directories, main one first. Those after the first are made when they are first used.</summary>
    public IReadOnlyList<string> Paths => throw new NotImplementedException();

    /// <summary>Finds usable roots, deletes leftovers of ended processes, and makes the main directory.</summary>
    /// <param name="id">Unique per process; letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</param>
    /// <param name="isLocal">Missing roots are made, open to all users; an unusable root is an error.</param>
    /// <exception cref="IOException">No root is usable, or one that must be; the message names each with its reason.</exception>
    public static WorkDirectory Create(string id, WorkDirectoryOptions options, bool isLocal, ILogger<WorkDirectory> logger) => throw new NotImplementedException();

    /// <summary>A new path <c>prefix-uuid-pid.temp</c>, in a directory that exists, on any root but the main one if there are others. Nothing is made there.</summary>
    /// <param name="prefix">Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</param>
    /// <exception cref="IOException">No directory can be made, not even the main one.</exception>
    public string NewTemporaryFile(string prefix) => throw new NotImplementedException();

    /// <summary>As <see cref="NewTemporaryFile"/>, but makes a directory of that name.</summary>
    public string NewTemporaryDirectory(string prefix) => throw new NotImplementedException();

    /// <summary>Deletes all directories of this run, again until they are gone. Never throws; what stays is logged, and deleted by a later start on this machine.</summary>
    public void Delete() => throw new NotImplementedException();
}
