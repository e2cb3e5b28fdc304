using System.Collections.Immutable;

namespace Dpark.Closures;

/// <summary>An object graph as bytes, in the format of <c>docs/formats/closure.md</c>.</summary>
/// <param name="Bytes">Stand for themselves: they name the modules too.</param>
/// <param name="Modules">
/// The assemblies that the graph's types and methods are in, and what those refer to, in order of discovery, without repetition. Framework and engine assemblies
/// are left out: every worker has them. Empty if the graph holds nothing else.
/// </param>
public sealed record SerializedClosure(byte[] Bytes, ImmutableArray<CodeModule> Modules);
