using Dpark.Applications;

namespace Dpark.Tasks;

/// <summary>Attempts of one application that one worker shall start.</summary>
/// <param name="Epoch">Of the application's driver.</param>
/// <param name="Launches">At least one, all of <paramref name="Application"/>. Started in order. Together less than 1 MiB.</param>
[GenerateSerializer, Immutable, Alias("dpark.TaskBatch")]
public sealed record TaskBatch([property: Id(0)] AppId Application, [property: Id(1)] long Epoch, [property: Id(2)] TaskLaunch[] Launches);
