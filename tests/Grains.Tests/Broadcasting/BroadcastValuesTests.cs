using System.Runtime.CompilerServices;
using Dpark.Configuration;
using Dpark.Memory;

namespace Dpark.Broadcasting;

/// <summary>Decoded broadcast values count as memory of their worker, and are let go of when tasks need it.</summary>
public sealed class BroadcastValuesTests
{
    private const int Length = 400_000;

    private static readonly BroadcastId First = new(0);
    private static readonly BroadcastId Second = new(1);

    private readonly WorkerMemory _memory = new(new MemoryOptions { BudgetBytes = 1 << 20, WaitLimit = TimeSpan.Zero });
    private readonly BroadcastValues _values;
    private int _decoded;

    public BroadcastValuesTests()
    {
        BroadcastValues? values = null;
        _values = values = new(_memory.AddHolder("broadcast values", wanted => values!.GiveUp(wanted)), _memory.AddHolder("contents that arrive", giveUp: null));
    }

    [Fact]
    public void GetOrMake_Decoded_CountsWhatItAllocatedOnceUntilItIsRemoved()
    {
        var value = Get(First);

        Assert.Same(value, Get(First));
        Assert.InRange(_memory.StoreBytes, Length, Length + 10_000);
        Get(Second);
        Assert.InRange(_memory.StoreBytes, 2 * Length, 2 * (Length + 10_000));
        _values.Remove(First);
        Assert.InRange(_memory.StoreBytes, Length, Length + 10_000);
        _values.Clear();

        Assert.Equal(0, _memory.StoreBytes);
        Assert.Equal(2, _decoded);
    }

    [Fact]
    public void GetOrMake_DecodedIsSmallerThanItsBytes_CountsTheBytes()
    {
        _values.GetOrMake(First, _ => new byte[Length], _ => "small", CancellationToken.None);

        Assert.Equal(Length, _memory.StoreBytes);
    }

    [Fact]
    public void GetOrMake_IsBeingDecoded_CountsItsBytesUntilItIs()
    {
        var seen = 0L;
        _values.GetOrMake(
            First,
            _ => new byte[Length],
            _ =>
            {
                seen = _memory.StoreBytes;
                return "small";
            },
            CancellationToken.None);
        Assert.Throws<FormatException>(() => _values.GetOrMake(Second, _ => new byte[Length], _ => throw new FormatException(), CancellationToken.None));

        Assert.Equal(Length, seen);
        Assert.Equal(Length, _memory.StoreBytes);
    }

    [Fact]
    public void GetOrMake_LetGoWhileATaskUsesIt_IsTheSameAndCountsAgain()
    {
        var value = Get(First);
        TakeAllMemory();
        Assert.Equal(0, _memory.StoreBytes);

        Assert.Same(value, Get(First));

        Assert.Equal(1, _decoded);
        Assert.InRange(_memory.StoreBytes, Length, Length + 10_000);
        GC.KeepAlive(value);
    }

    [Fact]
    public void GetOrMake_LetGoAndUsedByNobody_IsDecodedAgain()
    {
        Forget(First);
        TakeAllMemory();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.NotNull(Get(First));

        Assert.Equal(2, _decoded);
        _values.Clear();
        Assert.Equal(0, _memory.StoreBytes);
    }

    [Fact]
    public void TryHold_TwoValues_TheOneThatWasNotUsedForLongestGoes()
    {
        var first = Get(First);
        var second = Get(Second);
        Get(First);
        using var task = _memory.Open(default);
        using var table = task.Claim("a table");

        Assert.True(table.TryHold(500_000, 500_000));

        Assert.InRange(_memory.StoreBytes, Length, Length + 10_000);
        _values.Remove(Second);
        Assert.InRange(_memory.StoreBytes, Length, Length + 10_000);
        _values.Remove(First);
        Assert.Equal(0, _memory.StoreBytes);
        GC.KeepAlive(first);
        GC.KeepAlive(second);
    }

    [Fact]
    public void GetOrMake_MoreThanTheBudget_OthersGoAndTheTaskHasItsValue()
    {
        Forget(First);

        var large = _values.GetOrMake(Second, _ => new byte[1], _ => new byte[1_000_000], CancellationToken.None);

        Assert.Equal(1_000_000, ((byte[])large).Length);
        Assert.InRange(_memory.StoreBytes, 1_000_000, 1_010_000);
    }

    // In a method of its own, so that nothing on the stack holds the value.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Forget(BroadcastId broadcast) => Assert.NotNull(Get(broadcast));

    private object Get(BroadcastId broadcast) => _values.GetOrMake(broadcast, _ => new byte[8], _ => Decode(), CancellationToken.None);

    private byte[] Decode()
    {
        _decoded++;
        return new byte[Length];
    }

    private void TakeAllMemory()
    {
        using var task = _memory.Open(default);
        task.Claim("a table").HoldAnyway(_memory.BudgetBytes);
    }
}
