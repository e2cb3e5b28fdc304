using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.TestKit.Rdds;

/// <summary>How programs and partitions get from the driver to a task.</summary>
public interface ITravel
{
    /// <summary>Checks a function when an operator is called.</summary>
    void Check(Delegate function, CallSite callSite);

    /// <summary>The copy that a task gets.</summary>
    StageProgram Send(StageProgram program);

    /// <summary>The copy that a task gets.</summary>
    Partition Send(Partition partition);
}

/// <summary>Hands over the objects themselves.</summary>
public sealed class NoTravel : ITravel
{
    /// <inheritdoc/>
    public void Check(Delegate function, CallSite callSite)
    {
    }

    /// <inheritdoc/>
    public StageProgram Send(StageProgram program) => program;

    /// <inheritdoc/>
    public Partition Send(Partition partition) => partition;
}
