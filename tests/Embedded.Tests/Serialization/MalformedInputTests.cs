using System.Numerics;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Serialization;

public sealed class MalformedInputTests
{
    private const long AllowedBytes = 1 << 20;

    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();

    [Fact]
    public void Read_EmptyInput_Throws() => Assert.Throws<SerializerException>(() => _pool.Read<int>([]));

    [Theory]
    [InlineData(new byte[] { 0x04, 0xFF, 0xFF, 0xFF, 0xFF, 0x07 })]
    [InlineData(new byte[] { 0x04, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    public void Read_ArrayLongerThanInput_ThrowsBeforeAllocating(byte[] bytes)
    {
        AssertThrowsCheaply<byte[]>(bytes);
    }

    [Fact]
    public void Read_ManyElementsInFewBytes_ThrowsBeforeAllocating()
    {
        AssertThrowsCheaply<List<string>>([0x06, 0x00, 0xFF, 0xFF, 0xFF, 0x7F, 0x08, 0x00]);
        AssertThrowsCheaply<Small[]>([0x06, 0x00, 0xFF, 0xFF, 0xFF, 0x7F, 0x08, 0x00]);
        AssertThrowsCheaply<string[,]>([0x06, 0x00, 0xFE, 0xFF, 0x03, 0x00, 0xFE, 0xFF, 0x03, 0x08, 0x00]);
    }

    [Fact]
    public void Read_NestedArraysThatEachClaimTheRest_AllocatesNoMoreThanTheInputHas()
    {
        // Each array says that it has as many elements as bytes are left: 100 levels would be 100 times the input.
        const int size = 200_000;
        var bytes = new byte[size];
        var position = 0;
        for (var depth = 0; depth < 100; depth++)
        {
            byte[] header = depth == 0 ? [0x06] : [0x07, 0x00, 0x04, 0x03, 0x00, 0x00, 0x00, 0x06];
            header.CopyTo(bytes, position);
            position += header.Length;
            byte[] count = [0x00, 0x80 | (190_000 & 0x7F), 0x80 | ((190_000 >> 7) & 0x7F), 190_000 >> 14];
            count.CopyTo(bytes, position);
            position += count.Length;
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SerializerException>(() => _pool.Read<object[]>(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20L * size);
    }

    [Fact]
    public void Read_DeepNesting_ThrowsInsteadOfOverflowingTheStack()
    {
        // Member 1 of Tree again and again, and as an unknown member, and as types within types.
        byte[] members = [0x06, .. Enumerable.Repeat<byte>(0x16, 1_000_000)];
        byte[] unknown = [0x06, .. Enumerable.Repeat<byte>(0x96, 1_000_000)];
        byte[] typed = [.. Enumerable.Repeat(new byte[] { 0x07, 0x01 }, 500_000).SelectMany(tag => tag)];

        OnSmallStack(() =>
        {
            Assert.Throws<SerializerException>(() => _pool.Read<Tree>(members));
            Assert.Throws<SerializerException>(() => _pool.Read<Tree>(unknown));
            Assert.Throws<SerializerException>(() => _pool.Read<object>(typed));
        });
    }

    [Fact]
    public void Write_DeepNesting_ThrowsInsteadOfOverflowingTheStack()
    {
        var tree = new Tree();
        for (var i = 0; i < 100_000; i++)
        {
            tree = new Tree { Left = tree };
        }

        OnSmallStack(() =>
        {
            Assert.Throws<SerializerException>(() => _pool.ToArray(tree));
            Assert.Throws<SerializerException>(() => _pool.Copy(tree));
        });
    }

    [Fact]
    public void ReadWriteCopy_AllowedNesting_FitsASmallStack()
    {
        // A list, a dictionary and its entry are three levels.
        object nested = new Tree();
        for (var depth = 1; depth + 3 <= SerializerLimits.MaxDepth; depth += 3)
        {
            nested = new List<object?> { new Dictionary<string, object> { ["a"] = nested } };
        }

        OnSmallStack(() =>
        {
            Assert.NotNull(_pool.Read<object>(_pool.ToArray(nested)));
            Assert.NotNull(_pool.Copy(nested));
        });
    }

    [Fact]
    public void WriteAndRead_DepthLimit_IsTheSameOnBothSides()
    {
        var tree = new Tree();
        for (var depth = 1; depth < SerializerLimits.MaxDepth; depth++)
        {
            tree = new Tree { Left = tree };
        }

        var bytes = _pool.ToArray<object>(tree);

        Assert.NotNull(_pool.Read<object>(bytes));
        Assert.Throws<SerializerException>(() => _pool.ToArray(new Tree { Left = tree }));
    }

    [Theory]
    [InlineData(new byte[] { 0x08, 0x05 })] // a reference to nothing
    [InlineData(new byte[] { 0x06, 0x18, 0x02, 0x0F })] // a reference to what comes later
    [InlineData(new byte[] { 0x07, 0x02, 0x06, 0x0F })] // the number of a type that was not named
    [InlineData(new byte[] { 0x07, 0xFF, 0x7F, 0x06, 0x0F })] // an unknown well-known type
    [InlineData(new byte[] { 0x07, 0x73, 0x06, 0x00, 0x00, 0x0F })] // List<> without arguments
    [InlineData(new byte[] { 0x09 })] // an unknown wire type
    [InlineData(new byte[] { 0x0F })] // the end of nothing
    [InlineData(new byte[] { 0x06, 0x00 })] // cut off in a number
    [InlineData(new byte[] { 0x06, 0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 0x0F })] // a number of more than 64 bits
    public void Read_DamagedTree_Throws(byte[] bytes)
    {
        Assert.ThrowsAny<SerializerException>(() => _pool.Read<Tree>(bytes));
        Assert.ThrowsAny<SerializerException>(() => _pool.Read<object>(bytes));
    }

    [Fact]
    public void Read_ValueThatItsTypeRefuses_ThrowsSerializerException()
    {
        Assert.Throws<SerializerException>(() => _pool.Read<DateTime>([0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F]));
        Assert.Throws<SerializerException>(() => _pool.Read<decimal>([0x03, 0x10, .. Enumerable.Repeat<byte>(0xFF, 16)]));
        Assert.Throws<SerializerException>(() => _pool.Read<Uri>([0x03, 0x07, .. "http://"u8]));
        Assert.Throws<SerializerException>(() => _pool.Read<Dictionary<string, int>>(
            [0x06, 0x00, 0x02, 0x10, 0x00, 0x05, 0x03, 0x01, 0x61, 0x10, 0x02, 0x0F, 0x05, 0x03, 0x01, 0x61, 0x10, 0x02, 0x0F, 0x0F]));
    }

    [Fact]
    public void Read_BooleansOfOtherValues_AreTrue()
    {
        Assert.Equal([true, false, true], _pool.Read<bool[]>([0x04, 0x03, 0xFF, 0x00, 0x01])!);
    }

    [Fact]
    public void Read_MutatedMessages_SucceedOrThrowSerializerException()
    {
        byte[][] originals =
        [
            _pool.ToArray(Everything.Example()),
            _pool.ToArray<object>(Everything.Example()),
            _pool.ToArray(new VersionOne { Kept = 1, DroppedTree = Everything.Example().Tree, DroppedObject = Everything.Example(), AfterTypes = new Small(1, "x") }),
            _pool.ToArray<object>(new object?[] { 1, "two", null, 3.5, new Queue<string>(["a"]), new BigInteger(7), typeof(int), new Version(1, 2), new MarkedException("m", 1) }),
        ];
        _pool.Read<Everything>(originals[0]);
        var random = new Random(20260822);
        var outcomes = new int[2];

        for (var i = 0; i < 100_000; i++)
        {
            var bytes = Mutations.Mutate(originals[i % originals.Length], random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            outcomes[TryRead(bytes, i) ? 0 : 1]++;
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllowedBytes, $"Mutation {i} of {bytes.Length} bytes made the reader allocate {allocated} bytes.");
        }

        Assert.True(outcomes[0] > 1000 && outcomes[1] > 1000, $"{outcomes[0]} mutations were read and {outcomes[1]} refused.");
    }

    private bool TryRead(byte[] bytes, int index)
    {
        try
        {
            switch (index % 4)
            {
                case 0:
                    _pool.Read<Everything>(bytes);
                    break;
                case 2:
                    _pool.Read<VersionTwo>(SegmentedInput.Split(bytes, 7));
                    break;
                default:
                    _pool.Read<object>(bytes);
                    break;
            }

            return true;
        }
        catch (SerializerException)
        {
            return false;
        }
    }

    private void AssertThrowsCheaply<T>(byte[] bytes)
    {
        Assert.Throws<SerializerException>(() => _pool.Read<T>(bytes));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<SerializerException>(() => _pool.Read<T>(bytes));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    private static void OnSmallStack(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    action();
                }
                catch (Exception exception)
                {
                    failure = exception;
                }
            },
            maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}
