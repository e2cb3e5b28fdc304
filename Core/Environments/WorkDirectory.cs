using System.Globalization;
using Dpark.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpark.Environments;

/// <summary>
/// The directories of one run of one process: one under each root. Gives out names of temporary files and deletes everything at the end. Thread-safe.
/// </summary>
/// <remarks>
/// Under each root lie a directory, named by <see cref="Id"/>, and beside it an owner file with the process that it belongs to. The owner file is
/// made first and deleted last, so a process that is killed at any point leaves nothing without an owner; the next process that starts on the machine
/// under the same root deletes it. Directories of living processes and all that has no owner file are never touched; those of other machines only when their owner has
/// not said for long that it lives, which <see cref="KeepUp"/> does.
/// </remarks>
public sealed partial class WorkDirectory
{
    private readonly Lock _gate = new();
    private readonly ILogger _logger;
    private readonly List<OwnerFile> _owned = [];
    private readonly string[] _paths;
    private readonly int _maxCleanUpAttempts;
    private readonly TimeProvider _time;
    private Leftovers? _leftovers;
    private long _lookedAt;
    private int _next;
    private bool _isDeleted;

    private WorkDirectory(string[] paths, int maxCleanUpAttempts, ILogger logger, TimeProvider time)
    {
        Id = Path.GetFileName(paths[0]);
        _paths = paths;
        _maxCleanUpAttempts = maxCleanUpAttempts;
        _logger = logger;
        _time = time;
    }

    /// <summary>Names the run, such as <c>host-1f3a9c...</c>; the name of the directory under each root.</summary>
    public string Id { get; }

    /// <summary>The main directory. It exists until <see cref="Delete"/>.</summary>
    public string MainPath => _paths[0];

    /// <summary>
    /// All usable directories, main one first. Those after the first are made when they are first used, here or by whoever writes there.
    /// </summary>
    public IReadOnlyList<string> Paths => _paths;

    /// <summary>Finds usable roots, deletes what ended processes of this machine left there, and makes the main directory.</summary>
    /// <param name="id">
    /// Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. If another process uses it under the same roots, <see cref="Id"/> gets an addition.
    /// </param>
    /// <param name="isLocal">An unusable root is an error, because the user who can repair it is there.</param>
    /// <exception cref="ArgumentException">The id cannot be the name of a directory.</exception>
    /// <exception cref="IOException">No root is usable, or one that must be; the message names each with its reason.</exception>
    public static WorkDirectory Create(string id, WorkDirectoryOptions options, bool isLocal, ILogger<WorkDirectory> logger) =>
        Create(id, options, isLocal, logger, Environment.GetEnvironmentVariable(WorkDirectoryRoots.Variable));

    /// <summary>Uses directories that another process made and will delete: one that hands them to its child.</summary>
    /// <param name="paths">Main one first, at least one.</param>
    /// <exception cref="DirectoryNotFoundException">The main directory does not exist.</exception>
    public static WorkDirectory Inherit(IReadOnlyList<string> paths, ILogger<WorkDirectory> logger)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count, nameof(paths));
        if (!Directory.Exists(paths[0]))
        {
            throw new DirectoryNotFoundException(
                $"The work directory {paths[0]}, handed over by another process, does not exist. That process must outlive this one.");
        }

        return new([.. paths.Select(Path.GetFullPath)], maxCleanUpAttempts: 0, logger, TimeProvider.System);
    }

    /// <summary>
    /// A new path <c>prefix-uuid-pid.temp</c>, in a directory that exists: under the roots after the first in turns, and under the first if there is
    /// no other. Nothing is made there.
    /// </summary>
    /// <param name="prefix">Letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</param>
    /// <exception cref="IOException">No directory can be made, not even the main one; the message names each with its reason.</exception>
    public string NewTemporaryFile(string prefix)
    {
        CheckName(prefix, nameof(prefix));
        var first = _paths.Length > 1 ? (Interlocked.Increment(ref _next) & int.MaxValue) % (_paths.Length - 1) : 0;
        List<string> reasons = [];
        for (var i = 0; i < _paths.Length; i++)
        {
            // The main directory is the last resort: it is often a small, fast disk.
            var index = i == _paths.Length - 1 ? 0 : 1 + ((first + i) % (_paths.Length - 1));
            try
            {
                PrivateDirectory.Make(_paths[index]);
                return Path.Combine(
                    _paths[index], string.Create(CultureInfo.InvariantCulture, $"{prefix}-{Guid.NewGuid():N}-{Environment.ProcessId}.temp"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reasons.Add($"{_paths[index]}: {e.Message}");
            }
        }

        throw new IOException(
            $"No work directory can be used: {string.Join("; ", reasons)} Free or repair a disk, or name other roots (Dpark:WorkDirectory:Roots).");
    }

    /// <summary>As <see cref="NewTemporaryFile"/>, but makes a directory of that name.</summary>
    public string NewTemporaryDirectory(string prefix)
    {
        var path = NewTemporaryFile(prefix);
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>
    /// Deletes all directories of this run, again until they are gone. Inherited ones stay. Never throws; what cannot be deleted is logged, and
    /// deleted by a later start on this machine. May be called twice.
    /// </summary>
    public void Delete()
    {
        lock (_gate)
        {
            if (_isDeleted)
            {
                return;
            }

            _isDeleted = true;
            foreach (var owner in _owned)
            {
                Leftovers.DeleteOwned(owner, _maxCleanUpAttempts, _logger);
            }
        }
    }

    internal static WorkDirectory Create(string id, WorkDirectoryOptions options, bool isLocal, ILogger logger, string? variable, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        CheckName(id, nameof(id));
        List<OwnerFile> owned = [];
        List<string> reasons = [];
        var name = id;
        time ??= TimeProvider.System;
        var leftovers = options.DeleteLeftovers ? new Leftovers(options, time, logger) : null;

        // Where a worker of a cluster keeps its files is its operator's choice; who runs a job in this process need not know that there are any.
        var roots = WorkDirectoryRoots.List(options, variable, isLocal ? NullLogger.Instance : logger);
        foreach (var root in roots)
        {
            try
            {
                WorkDirectoryRoots.Make(root);
                leftovers?.Delete(root);
                owned.Add(Own(root, ref name, mayRename: owned.Count == 0));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                reasons.Add($"{root}: {e.Message}");
            }
        }

        if (owned.Count == 0 || (reasons.Count > 0 && (isLocal || options.RequireAllRoots)))
        {
            owned.ForEach(owner => owner.Delete());
            throw new IOException(
                $"{reasons.Count} of {roots.Count} work directories are not available: {string.Join("; ", reasons)} " +
                $"Repair or remove them (Dpark:WorkDirectory:Roots or {WorkDirectoryRoots.Variable}).");
        }

        foreach (var reason in reasons)
        {
            LogRootIgnored(logger, reason);
        }

        var directory = new WorkDirectory([.. owned.Select(owner => owner.Directory)], options.MaxCleanUpAttempts, logger, time) { _leftovers = leftovers, _lookedAt = time.GetTimestamp() };
        directory._owned.AddRange(owned);
        PrivateDirectory.Make(directory.MainPath);
        return directory;
    }

    private static OwnerFile Own(string root, ref string name, bool mayRename)
    {
        try
        {
            return OwnerFile.Create(Path.Combine(root, name), ProcessIdentity.Current);
        }
        catch (IOException) when (mayRename && OwnerFile.IsTaken(Path.Combine(root, name)))
        {
            // Several processes of one run on one machine have the same id, and may start at the same time. The first root decides the name for all.
            name = $"{name}-{Guid.NewGuid():N}";
            return OwnerFile.Create(Path.Combine(root, name), ProcessIdentity.Current);
        }
    }

    private static void CheckName(string name, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, parameter);
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_' or '.'))
            {
                throw new ArgumentException(
                    $"'{name}' cannot name a file of a work directory because of '{character}'. Use letters, digits, '-', '_' and '.'.", parameter);
            }
        }

        if (name[0] == '.')
        {
            throw new ArgumentException(
                $"'{name}' cannot name a file of a work directory, because it would be hidden. Begin with a letter or digit.", parameter);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A work directory is left out: {Reason} Repair it, or remove it from the configuration.")]
    private static partial void LogRootIgnored(ILogger logger, string reason);
}
