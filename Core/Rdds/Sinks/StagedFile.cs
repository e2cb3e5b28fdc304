namespace Dpark.Rdds.Sinks;

/// <summary>A file that an attempt has written into a staging directory.</summary>
/// <param name="Name">From <see cref="OutputDirectory.NewStagedName"/>.</param>
/// <param name="Bytes">Its length.</param>
internal readonly record struct StagedFile(string Name, long Bytes);

/// <summary>A file that a job has left.</summary>
internal readonly record struct OutputFile(string Name, long Bytes);
