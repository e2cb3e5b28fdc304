using Orleans.Runtime;

namespace Dpark.Embedded.Tests.Catalog;

public sealed class RequestQueueTests
{
    private static readonly GrainId Sender = GrainId.Create("sender", "1");

    [Fact]
    public void RemoveAt_ManyFromTheFront_KeepsTheOrder()
    {
        var queue = new RequestQueue();
        var taken = new List<long>();
        for (var i = 0; i < 300; i++)
        {
            queue.Add(Request(i));
            if (i % 3 == 0)
            {
                taken.Add(queue[0].Id);
                queue.RemoveAt(0);
            }
        }

        taken.AddRange(queue.ToList().Select(message => message.Id));

        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), taken);
        Assert.Equal(200, queue.Count);
    }

    [Fact]
    public void Remove_RequestInTheMiddle_LeavesTheOthers()
    {
        var queue = new RequestQueue();
        for (var i = 0; i < 3; i++)
        {
            queue.Add(Request(i));
        }

        var removed = queue.Remove(Sender, 1);

        Assert.Equal(1, removed!.Id);
        Assert.Null(queue.Remove(Sender, 1));
        Assert.Null(queue.Remove(GrainId.Create("other", "1"), 2));
        Assert.Equal([0L, 2L], queue.ToList().Select(message => message.Id));
    }

    [Fact]
    public void MayOvertake_InterleavingRequestCame_IsTrueUntilItIsEmpty()
    {
        var queue = new RequestQueue();
        queue.Add(Request(0));
        Assert.False(queue.MayOvertake);

        queue.Add(Request(1, MessageFlags.AlwaysInterleave));
        queue.RemoveAt(0);

        Assert.True(queue.MayOvertake);
        queue.RemoveAt(0);
        Assert.False(queue.MayOvertake);
    }

    private static Message Request(long id, MessageFlags flags = MessageFlags.None) => new() { Id = id, SendingGrain = Sender, Flags = flags };
}
