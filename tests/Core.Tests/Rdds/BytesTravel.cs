using Dpark.Closures;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

/// <summary>Sends programs and partitions through bytes, as a driver does.</summary>
internal sealed class BytesTravel : ITravel
{
    public void Check(Delegate function, CallSite callSite) => new ClosureSerializer().Check(function, callSite);

    public StageProgram Send(StageProgram program) => Travel.Copy(program);

    public Partition Send(Partition partition) => Travel.Copy(partition);
}
