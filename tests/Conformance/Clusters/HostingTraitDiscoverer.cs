using Xunit.Abstractions;
using Xunit.Sdk;

namespace Dpark.Conformance.Clusters;

/// <summary>Gives tests of one kind of hosting the trait <c>Hosting</c>, so that a run on another kind leaves them out instead of skipping them.</summary>
public sealed class HostingTraitDiscoverer : ITraitDiscoverer
{
    internal const string Name = $"{nameof(Dpark)}.{nameof(Conformance)}.{nameof(Clusters)}.{nameof(HostingTraitDiscoverer)}";
    internal const string Assembly = "Dpark.Orleans.Conformance";

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute)
    {
        ArgumentNullException.ThrowIfNull(traitAttribute);
        var type = ((IReflectionAttributeInfo)traitAttribute).Attribute.GetType();
        yield return new("Hosting", type == typeof(ProcessFactAttribute) ? "Process" : "InProcess");
    }
}
