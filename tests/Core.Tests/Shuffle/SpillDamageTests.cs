using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Spill files have no names, so their damage is made through the handles of this process. Linux only.</summary>
public sealed class SpillDamageTests
{
    private const int KeyCount = 600_000;

    // So that numbers take 8 bytes in a file.
    private const long Apart = 1L << 32;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadCombined_SpillFileIsDamaged_FailsAndGivesNothingWrong(bool isTruncated)
    {
        using var rig = NewRig(4 << 20);
        rig.Write(0, Enumerable.Range(0, KeyCount).Select(i => ((long)i * 7919, 1L)), bucketCount: 1);
        using var reader = rig.Store.ReadCombined<long, long>(rig.Shuffle, 0, (a, b) => a + b, rig.NewContext());
        var first = reader.Next().ToArray();

        Damage(rig.Root, isTruncated);

        AssertFails(reader, read => Assert.All(read, pair => Assert.Equal((0L, 1L), (pair.Key % 7919, pair.Value))));
        Assert.All(first, pair => Assert.Equal(1, pair.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadSorted_SpillFileIsDamaged_FailsAndGivesNothingWrong(bool isTruncated)
    {
        using var rig = NewRig(16 << 20);
        rig.Write(0, Enumerable.Range(0, KeyCount).Select(i => ((long)i, Apart * (((long)i * 7919) % KeyCount))), bucketCount: 1);
        using var reader = rig.Store.ReadSorted<long, long>(rig.Shuffle, 0, value => value, comparer: null, isDescending: false, rig.NewContext());
        var next = 0L;
        Assert.All(reader.Next().ToArray(), value => Assert.Equal(Apart * next++, value));

        Damage(rig.Root, isTruncated);

        AssertFails(reader, read => Assert.All(read, value => Assert.Equal(Apart * next++, value)));
    }

    // A reader reads ahead, so the files must be much larger than that.
    private static ShuffleRig NewRig(int spillThreshold) => new(options => options.SpillThresholdBytes = spillThreshold);

    private static void AssertFails<T>(BatchReader<T> reader, Action<T[]> check)
    {
        var failure = Assert.ThrowsAny<Exception>(() =>
        {
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                check(batch.ToArray());
            }
        });

        Assert.True(failure is IOException or InvalidDataException, $"{failure}");
    }

    private static void Damage(string root, bool isTruncated)
    {
        var handles = Directory.GetFiles("/proc/self/fd")
            .Where(handle => new FileInfo(handle).LinkTarget is { } target && target.StartsWith(root, StringComparison.Ordinal) && target.EndsWith(" (deleted)", StringComparison.Ordinal))
            .ToArray();
        Assert.NotEmpty(handles);
        foreach (var handle in handles)
        {
            using var file = new FileStream(handle, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (isTruncated)
            {
                file.SetLength(file.Length * 9 / 10);
                continue;
            }

            file.Position = file.Length * 9 / 10;
            var value = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(value ^ 0x08));
        }
    }
}
