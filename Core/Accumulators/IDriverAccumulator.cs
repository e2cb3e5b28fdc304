namespace Dpark.Accumulators;

/// <summary>An accumulator as the driver sees it, without its types. Thread-safe.</summary>
internal interface IDriverAccumulator
{
    AccumulatorId Id { get; }

    /// <summary>What it is shown by; <see langword="null"/> if it is not shown.</summary>
    string? Name { get; }

    /// <summary>The total as text, at most a few hundred characters.</summary>
    string Text { get; }

    /// <summary>Adds what an attempt added. Called once per partition; may throw whatever the user's functions throw.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    void Merge(ReadOnlyMemory<byte> total);
}
