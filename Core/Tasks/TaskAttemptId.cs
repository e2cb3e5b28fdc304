using Dpark.Applications;

namespace Dpark.Tasks;

/// <summary>Names one attempt to compute one partition of one stage attempt.</summary>
/// <param name="StageId">Stage within the application, from 0.</param>
/// <param name="StageAttempt">How often the stage was started before, from 0.</param>
/// <param name="PartitionIndex">Partition of the stage's RDD, from 0.</param>
/// <param name="Attempt">
/// How often this partition was launched before, from 0. Goes on counting in a further stage attempt, so that files named by it are never written
/// twice.
/// </param>
[GenerateSerializer, Immutable, Alias("dpark.TaskAttemptId")]
public readonly record struct TaskAttemptId(
    [property: Id(0)] AppId Application,
    [property: Id(1)] int StageId,
    [property: Id(2)] int StageAttempt,
    [property: Id(3)] int PartitionIndex,
    [property: Id(4)] int Attempt)
{
    /// <summary>The form used in logs and grain keys, such as <c>app-1/stage-2.0/17.1</c>: stage and its attempt, partition and its attempt.</summary>
    public override string ToString() => $"{Application}/stage-{StageId}.{StageAttempt}/{PartitionIndex}.{Attempt}";
}
