namespace Dpark.Shuffle;

/// <summary>New map outputs of one shuffle, or a part of them.</summary>
/// <param name="MapCount">Map outputs that the shuffle has when it is complete.</param>
/// <param name="Outputs">May be empty.</param>
/// <param name="Epoch">The list is at least this new once the last part has come.</param>
/// <param name="IsLast">Whether no further part of this registration follows.</param>
[GenerateSerializer, Immutable, Alias("dpark.MapOutputRegistration")]
public sealed record MapOutputRegistration(
    [property: Id(0)] ShuffleId Shuffle,
    [property: Id(1)] int MapCount,
    [property: Id(2)] MapOutputLocation[] Outputs,
    [property: Id(3)] long Epoch,
    [property: Id(4)] bool IsLast);

/// <summary>Part of the list of a shuffle's map outputs.</summary>
/// <param name="IsComplete">Whether the whole list has an output of every map and is new enough. If not, nothing else is set.</param>
/// <param name="Epoch">How new the list is.</param>
/// <param name="MapCount">Map outputs of the shuffle.</param>
/// <param name="Outputs">Those from the asked index on, ascending, without gaps.</param>
[GenerateSerializer, Immutable, Alias("dpark.MapOutputPage")]
public sealed record MapOutputPage(
    [property: Id(0)] bool IsComplete, [property: Id(1)] long Epoch, [property: Id(2)] int MapCount, [property: Id(3)] MapOutputLocation[] Outputs);
