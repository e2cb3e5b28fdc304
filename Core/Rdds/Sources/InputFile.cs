namespace Dpark.Rdds.Sources;

/// <summary>A file that a source reads, as it was when it was found.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct InputFile(string Path, long Length);
