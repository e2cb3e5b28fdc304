using Dpark.Applications;

namespace Dpark.Shuffle;

/// <summary>Names one shuffle of one application. Ids are never reused, so a late message cannot match a newer shuffle.</summary>
[GenerateSerializer, Immutable, Alias("dpark.ShuffleId")]
public readonly record struct ShuffleId([property: Id(0)] AppId Application, [property: Id(1)] int Ordinal)
{
    /// <summary>The form used in logs and file names, such as <c>shuffle-7</c>.</summary>
    public override string ToString() => $"shuffle-{Ordinal}";
}
