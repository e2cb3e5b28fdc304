using Dpark.Applications;
using Dpark.Shuffle;

namespace Dpark.Tasks;

/// <summary>Attempts of one application that one worker shall start.</summary>
/// <param name="Epoch">Of the application's driver.</param>
/// <param name="Launches">At least one, all of <paramref name="Application"/>. Started in order. Together less than 1 MiB.</param>
[GenerateSerializer, Immutable, Alias("dpark.TaskBatch")]
public sealed record TaskBatch([property: Id(0)] AppId Application, [property: Id(1)] long Epoch, [property: Id(2)] TaskLaunch[] Launches)
{
    /// <summary>
    /// Whole lists of map outputs that the attempts read, if the registry may not have them yet: the worker need not ask for them. Mostly empty; then it does.
    /// </summary>
    [Id(3)] public MapOutputRegistration[] Inputs { get; init; } = [];

    /// <summary>
    /// The bytes of the program that all the launches name, if they are few and the worker was not sent them before. <see langword="null"/>: it fetches what it does not have.
    /// </summary>
    [Id(4)] public byte[]? Program { get; init; }
}
