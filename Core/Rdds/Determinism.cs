namespace Dpark.Rdds;

/// <summary>What computing a partition again may give, from the least to the most different.</summary>
public enum Determinism
{
    /// <summary>The same elements in the same order.</summary>
    Same = 0,

    /// <summary>The same elements in another order: what a shuffle gives, whose buckets arrive as they come.</summary>
    AnyOrder = 1,

    /// <summary>Other elements: an operator that looks at the order, such as <c>ZipWithIndex</c>, on such an input, or one that the user has marked.</summary>
    Different = 2,
}
