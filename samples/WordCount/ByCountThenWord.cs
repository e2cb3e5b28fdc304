namespace WordCount;

/// <summary>Orders by count, and equal counts by word, the later word first: so the greatest are the most frequent, in alphabetical order. Travels to the tasks.</summary>
internal sealed class ByCountThenWord : IComparer<(string Word, long Count)>
{
    public int Compare((string Word, long Count) x, (string Word, long Count) y) =>
        x.Count != y.Count ? x.Count.CompareTo(y.Count) : string.CompareOrdinal(y.Word, x.Word);
}
