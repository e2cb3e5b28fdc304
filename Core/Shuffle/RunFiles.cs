using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>
/// Sorted runs that one task spilled, in the order in which they were added. As soon as there are too many, some become one, so that a pair is copied about once for each power of
/// <paramref name="width"/> of runs. Used by the task's thread and disposed at its end.
/// </summary>
/// <param name="width">Runs that are merged at once. At least 2.</param>
/// <param name="merge">Writes runs that follow each other as one.</param>
internal sealed class RunFiles(int width, Func<SpillFile[], SpillFile> merge) : IDisposable
{
    // Ordered by falling level: a run of level 0 was in memory, one of level n + 1 was merged from runs of level n.
    private readonly List<(SpillFile File, int Level)> _runs = [];

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _runs.Count == 0;

    /// <summary>What there is now.</summary>
    public SpillFile[] Files => Last(_runs.Count);

    /// <summary>Adds a run; owned.</summary>
    public void Add(SpillFile run)
    {
        _runs.Add((run, 0));
        while (CountOfLastLevel() is var count && count >= width)
        {
            MergeLast(count);
        }
    }

    /// <summary>Makes them so few that they can be merged at once with what is in memory. Nothing is added afterwards.</summary>
    public void Complete()
    {
        while (_runs.Count >= width)
        {
            MergeLast(Math.Min(_runs.Count - width + 2, width));
        }
    }

    /// <summary>Closes and so deletes the files.</summary>
    public void Dispose()
    {
        foreach (var (file, _) in _runs)
        {
            file.Dispose();
        }

        _runs.Clear();
    }

    private SpillFile[] Last(int count)
    {
        var files = new SpillFile[count];
        var runs = CollectionsMarshal.AsSpan(_runs)[^count..];
        for (var i = 0; i < files.Length; i++)
        {
            files[i] = runs[i].File;
        }

        return files;
    }

    private int CountOfLastLevel()
    {
        var level = _runs[^1].Level;
        return _runs.Count - 1 - _runs.FindLastIndex(run => run.Level != level);
    }

    private void MergeLast(int count)
    {
        var files = Last(count);
        var merged = merge(files);
        var level = _runs[^count].Level + 1;
        foreach (var file in files)
        {
            file.Dispose();
        }

        _runs.RemoveRange(_runs.Count - count, count);
        _runs.Add((merged, level));
    }
}
