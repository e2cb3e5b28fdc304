using Dpark.Configuration;
using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

/// <summary>Deletes what processes have left under a root: those of this machine that have ended, and any that have not said for long that they live. Thread-safe.</summary>
/// <remarks>A directory whose owner holds the lock of its file is never touched, however old the file is.</remarks>
internal sealed partial class Leftovers(WorkDirectoryOptions options, TimeProvider time, ILogger logger)
{
    private readonly TimeSpan _age = options.LeftoverAge;
    private readonly int _maxAttempts = options.MaxCleanUpAttempts;

    /// <summary>Looks through one root.</summary>
    /// <exception cref="IOException">It cannot be listed.</exception>
    public void Delete(string root)
    {
        var oldest = _age > TimeSpan.Zero ? time.GetUtcNow().UtcDateTime - _age : DateTime.MinValue;
        foreach (var path in Directory.EnumerateFiles(root, "*" + OwnerFile.Suffix))
        {
            if (OwnerFile.TryTakeOver(path, oldest, out var owner))
            {
                LogLeftover(owner.Directory);
                DeleteOwned(owner, _maxAttempts, logger);
            }
        }

        foreach (var path in Directory.EnumerateFiles(root, "*" + OwnerFile.Suffix + OwnerFile.UnfinishedSuffix))
        {
            OwnerFile.DeleteUnfinished(path, oldest);
        }
    }

    /// <summary>Deletes a directory with its owner file. What cannot be deleted is logged and stays.</summary>
    public static void DeleteOwned(OwnerFile owner, int maxAttempts, ILogger logger)
    {
        if (DirectoryCleaner.Delete(owner.Directory, maxAttempts) is { } failure)
        {
            LogNotDeleted(logger, owner.Directory, failure);
            owner.Dispose();
            return;
        }

        try
        {
            owner.Delete();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotDeleted(logger, owner.Path, e);
            owner.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Information, "{Directory} was left behind by a process that has ended; it is deleted.")]
    private partial void LogLeftover(string directory);

    [LoggerMessage(LogLevel.Warning, "{Path} could not be deleted. A later start on this machine tries again.")]
    private static partial void LogNotDeleted(ILogger logger, string path, Exception failure);
}
