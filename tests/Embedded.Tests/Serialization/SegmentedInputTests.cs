using System.Buffers;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Serialization;

/// <summary>Sequences of several segments, as a socket delivers them.</summary>
internal static class SegmentedInput
{
    public static ReadOnlySequence<byte> Split(byte[] bytes, int size)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, null);
        var last = first;
        for (var start = 0; start < bytes.Length; start += size)
        {
            last = new Segment(bytes.AsMemory(start, Math.Min(size, bytes.Length - start)), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}

public sealed class SegmentedInputTests
{
    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    [InlineData(4096)]
    public void Read_Segments_GivesTheSameMessage(int size)
    {
        var bytes = _pool.ToArray(Everything.Example());

        var value = _pool.Read<Everything>(SegmentedInput.Split(bytes, size))!;

        Assert.Equal(bytes, _pool.ToArray(value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Read_SegmentsWithDroppedMembers_FindsSkippedObjectsAndTypes(int size)
    {
        var tree = new Tree { Name = "shared", Left = new Tree { Name = "child" } };
        var bytes = _pool.ToArray(new VersionOne { DroppedObject = new object[] { tree, new Small(1, "a") }, Shared = tree, AfterTypes = new Small(2, "b") });

        var value = _pool.Read<VersionTwo>(SegmentedInput.Split(bytes, size))!;

        Assert.Equal(("shared", "child"), (value.Shared!.Name, value.Shared.Left!.Name));
        Assert.Equal(new Small(2, "b"), value.AfterTypes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Write_OutputInSmallPieces_GivesTheSameBytes(int size)
    {
        var value = Everything.Example();
        value.Bytes = new byte[10_000];
        value.Text = new string('ü', 9_000);
        var output = new PieceWriter(size);

        _pool.Write(value, output);

        Assert.Equal(_pool.ToArray(value), output.ToArray());
    }

    /// <summary>Gives no more room than it is asked for, but at least <paramref name="size"/>.</summary>
    private sealed class PieceWriter(int size) : IBufferWriter<byte>
    {
        private readonly List<byte> _written = [];
        private byte[] _piece = [];

        public void Advance(int count) => _written.AddRange(_piece.AsSpan(0, count));

        public Memory<byte> GetMemory(int sizeHint = 0) => _piece = new byte[Math.Max(sizeHint, size)];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public byte[] ToArray() => [.. _written];
    }
}
