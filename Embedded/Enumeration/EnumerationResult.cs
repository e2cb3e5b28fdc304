namespace Orleans.Runtime;

/// <summary>What a step of an enumeration has brought.</summary>
[Flags]
internal enum EnumerationResult : byte
{
    /// <summary>Nothing yet; the caller asks again.</summary>
    Heartbeat = 1,

    /// <summary>One element.</summary>
    Element = 2,

    /// <summary>Several elements.</summary>
    Batch = 4,

    /// <summary>The end, maybe after elements.</summary>
    Completed = 8,

    /// <summary>The callee does not know the enumeration.</summary>
    MissingEnumeratorError = 16,

    /// <summary>The iterator failed.</summary>
    Error = 32,

    /// <summary>The iterator was cancelled.</summary>
    Canceled = 64,
}

/// <summary>The answer to a step of an enumeration.</summary>
/// <param name="Status">Says which of the others is set.</param>
[GenerateSerializer, Alias("orleans.EnumerationStep`1")]
internal readonly record struct EnumerationStep<T>(
    [property: Id(0)] EnumerationResult Status, [property: Id(1)] T? Element = default, [property: Id(2)] T[]? Batch = null, [property: Id(3)] Exception? Error = null);
