using Orleans.Runtime;

namespace Dpark.Embedded.Tests.Messaging;

public sealed class UnaddressedRequestsTests
{
    private static readonly GrainId Grain = GrainId.Create("a", "1");

    private readonly UnaddressedRequests _requests = new();

    [Fact]
    public void IsFirst_OneAsksAtATime()
    {
        Assert.True(_requests.IsFirst(Grain, Request(1)));
        Assert.False(_requests.IsFirst(Grain, Request(2)));
        Assert.True(_requests.IsFirst(GrainId.Create("a", "2"), Request(3)));

        Assert.Equal([2], TakeJoined());
        Assert.Empty(TakeJoined());
        Assert.True(_requests.IsFirst(Grain, Request(4)));
    }

    [Fact]
    public void Contains_WhileThoseThatJoinedAreSent_StaysTrueSoThatNothingOvertakesThem()
    {
        _requests.IsFirst(Grain, Request(1));
        _requests.IsFirst(Grain, Request(2));

        Assert.Equal([2], TakeJoined());
        Assert.True(_requests.Contains(Grain));
        Assert.False(_requests.IsFirst(Grain, Request(3)));
        Assert.Equal([3], TakeJoined());
        Assert.Empty(TakeJoined());
        Assert.False(_requests.Contains(Grain));
    }

    [Fact]
    public void IsFirst_Group_TheOthersWaitInOrder()
    {
        Assert.True(_requests.IsFirst(Grain, Request(1), Request(2), Request(3)));
        Assert.False(_requests.IsFirst(Grain, Request(4), Request(5)));

        Assert.Equal([2, 3, 4, 5], TakeJoined());
    }

    [Fact]
    public void WaitForNoneAsync_WhileRequestsWait_CompletesWithTheLast()
    {
        Assert.True(_requests.WaitForNoneAsync().IsCompleted);
        _requests.IsFirst(Grain, Request(1));
        _requests.IsFirst(Grain, Request(2));

        var none = _requests.WaitForNoneAsync();

        Assert.NotNull(_requests.TakeJoined(Grain));
        Assert.False(none.IsCompleted);
        Assert.NotNull(_requests.TakeJoined(Grain));
        Assert.True(none.IsCompleted);
    }

    private static Message Request(long id) => new() { Id = id, TargetGrain = Grain };

    private IEnumerable<long> TakeJoined() => _requests.TakeJoined(Grain).Select(request => request.Id);
}
