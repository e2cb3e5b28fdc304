using Dpark.Workers;
using Orleans.Concurrency;

namespace Dpark.Tasks;

/// <summary>Hands one attempt to the executor of its silo; see <see cref="ITaskGrain"/>.</summary>
/// <remarks>A stateless worker is activated on the silo that calls it and is in no directory, which makes it cheap enough for one grain per attempt.</remarks>
[GrainType("dpark.task")]
[StatelessWorker(1)]
internal sealed class TaskGrain(LocalWorker local) : Grain, ITaskGrain
{
    public ValueTask<bool> StartAsync(TaskLaunch launch, long epoch)
    {
        DeactivateOnIdle();
        return new(local.Get().TryStart(launch, epoch));
    }
}
