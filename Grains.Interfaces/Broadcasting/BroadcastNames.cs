using Dpark.Applications;
using Dpark.Closures;
using Dpark.Tasks;

namespace Dpark.Broadcasting;

/// <summary>Names of published content, in grain keys and as names of blocks.</summary>
public static class BroadcastNames
{
    /// <summary>A broadcast value, such as <c>broadcast-2</c>.</summary>
    public static string Of(BroadcastId broadcast) => broadcast.ToString();

    /// <summary>A stage program, such as <c>program-1f3a…</c>.</summary>
    public static string Of(StageProgramId program) => $"program-{program.Hash}";

    /// <summary>A partition that is too large for a message, such as <c>partition-1f3a…</c>.</summary>
    /// <param name="hash">See <see cref="TaskLaunch.PartitionHash"/>.</param>
    public static string OfPartition(string hash) => $"partition-{hash}";

    /// <summary>An assembly, such as <c>module-9c00…</c>.</summary>
    /// <exception cref="ArgumentException">The driver has no bytes of it, so it cannot be published.</exception>
    public static string Of(CodeModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return module.Hash is { Length: > 0 } hash
            ? $"module-{hash}"
            : throw new ArgumentException($"Module {module} has no hash, because the driver has no file of it. Give its bytes to CodeCatalog.Register.", nameof(module));
    }

    /// <summary>The key of the grain, such as <c>app-1/broadcast-2</c>.</summary>
    public static string KeyOf(AppId application, string name) => $"{application.Value}/{name}";
}
