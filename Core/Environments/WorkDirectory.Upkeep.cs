using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

// What a process that runs for long does for its directories, and for those that others have left.
public sealed partial class WorkDirectory
{
    private static readonly TimeSpan LeftoverInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// Says that the process lives, and makes what somebody has deleted under it again: owner files, and the main directory. Once an hour it deletes what ended processes have
    /// left. Called from time to time, more often than the age of leftovers says; never throws. Does nothing for inherited directories.
    /// </summary>
    public void KeepUp()
    {
        lock (_gate)
        {
            if (_isDeleted || _owned.Count == 0)
            {
                return;
            }

            for (var i = 0; i < _owned.Count; i++)
            {
                KeepUpOne(i);
            }

            if (_leftovers is { } leftovers && _time.GetElapsedTime(_lookedAt) >= LeftoverInterval)
            {
                _lookedAt = _time.GetTimestamp();
                foreach (var owner in _owned)
                {
                    TryDeleteLeftovers(Path.GetDirectoryName(owner.Directory)!, leftovers);
                }
            }
        }
    }

    private void KeepUpOne(int index)
    {
        var owner = _owned[index];
        try
        {
            if (owner.IsThere)
            {
                owner.Touch(_time.GetUtcNow().UtcDateTime);
            }
            else
            {
                owner.Dispose();
                WorkDirectoryRoots.Make(Path.GetDirectoryName(owner.Directory)!);
                _owned[index] = OwnerFile.Create(owner.Directory, ProcessIdentity.Current);
                LogMadeAgain(_logger, owner.Path);
            }

            if (index == 0)
            {
                PrivateDirectory.Make(MainPath);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKeptUp(_logger, owner.Directory, e.Message);
        }
    }

    private void TryDeleteLeftovers(string root, Leftovers leftovers)
    {
        try
        {
            leftovers.Delete(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKeptUp(_logger, root, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Path} was deleted while its process runs, and perhaps files of tasks with it; those are computed again. It is made again. Find out who deletes files there.")]
    private static partial void LogMadeAgain(ILogger logger, string path);

    [LoggerMessage(LogLevel.Warning, "The work directory {Path} cannot be kept up: {Reason} Files are written under the other roots as long as that is so.")]
    private static partial void LogNotKeptUp(ILogger logger, string path, string reason);
}
