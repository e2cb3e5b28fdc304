using Orleans.Runtime;

namespace Orleans.Core.Internal;

/// <summary>Manages an activation from outside. Every grain has it: <c>grain.Cast&lt;IGrainManagementExtension&gt;()</c>.</summary>
public interface IGrainManagementExtension : IGrainExtension
{
    /// <summary>Deactivates the grain as soon as its running requests have ended.</summary>
    ValueTask DeactivateOnIdle();

    /// <summary>Deactivates the grain; migration is not offered, so the next call places it anew.</summary>
    ValueTask MigrateOnIdle();
}
