using System.Collections.Immutable;

namespace Orleans.Metadata;

/// <summary>What a grain class says about itself, as names and values.</summary>
public sealed class GrainProperties(ImmutableDictionary<string, string> values)
{
    /// <summary>The properties. Names are those of <see cref="WellKnownGrainTypeProperties"/> or the application's own.</summary>
    public ImmutableDictionary<string, string> Properties { get; } = values;
}
