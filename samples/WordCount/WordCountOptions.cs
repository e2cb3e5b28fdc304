using Dpark.Configuration;

namespace WordCount;

/// <summary>What the user asked for.</summary>
/// <param name="Paths">Files, directories and patterns. Empty: the Markdown files of this repository.</param>
/// <param name="Top">Words to print; at least 1.</param>
/// <param name="Output">Directory for all counts; <see langword="null"/> writes none.</param>
/// <param name="PartitionCount">Partitions of the counts, and so files in <paramref name="Output"/>; <see langword="null"/> lets the engine choose.</param>
/// <param name="Cluster">Where the job runs; <see langword="null"/> runs it in this process.</param>
internal sealed record WordCountOptions(IReadOnlyList<string> Paths, int Top, string? Output, int? PartitionCount, ConnectOptions? Cluster);

/// <summary>The user asked for something that cannot be done. The message says what and why.</summary>
internal sealed class WrongInputException(string message) : Exception(message);
