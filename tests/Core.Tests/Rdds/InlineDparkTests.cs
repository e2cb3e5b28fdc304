using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

// DPark's tests in the calling thread: with the driver's own objects, and with everything sent through bytes.

public sealed class InlineDparkRddTests : DparkRddTests
{
    protected override IRddContext Dpark { get; } = new InlineRddContext();
}

public sealed class TravellingDparkRddTests : DparkRddTests
{
    protected override IRddContext Dpark { get; } = new InlineRddContext { Travel = new BytesTravel() };
}

public sealed class InlineDparkShuffleTests : DparkShuffleTests
{
    protected override IRddContext Dpark { get; } = new InlineRddContext();
}

public sealed class TravellingDparkShuffleTests : DparkShuffleTests
{
    protected override IRddContext Dpark { get; } = new InlineRddContext { Travel = new BytesTravel() };
}

public sealed class InlineDparkTextFileTests : DparkTextFileTests
{
    protected override IRddContext Dpark { get; } = new InlineRddContext();
}

public sealed class TravellingDparkTextFileTests : DparkTextFileTests
{
    protected override IRddContext Dpark { get; } = new InlineRddContext { Travel = new BytesTravel() };
}
