namespace Dpark.Caching;

/// <summary>Some elements of a partition as a record block.</summary>
/// <param name="Bytes">The block. Never changes.</param>
/// <param name="RecordCount">Elements in it, more than 0.</param>
internal sealed record EncodedSegment(ReadOnlyMemory<byte> Bytes, long RecordCount);

/// <summary>Where a segment is in a stored partition.</summary>
/// <param name="FirstRecord">Elements before it.</param>
/// <param name="Offset">Of its header in the file.</param>
/// <param name="Length">Bytes of its record block.</param>
internal readonly record struct SegmentPlace(long FirstRecord, long RecordCount, long Offset, int Length);
