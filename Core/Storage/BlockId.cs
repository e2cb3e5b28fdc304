using Dpark.Applications;
using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>Names a block of one application on any worker: a result, a broadcast piece, an assembly, a cached partition.</summary>
/// <param name="Application">Deleted with it.</param>
/// <param name="Name">Unique in the application; letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 200; never starts with a dot.</param>
[GenerateSerializer, Immutable, Alias("dpark.BlockId")]
public readonly record struct BlockId([property: Id(0)] AppId Application, [property: Id(1)] string Name)
{
    /// <summary>The form used in logs, such as <c>app-1/result-3.0-17</c>.</summary>
    public override string ToString() => $"{Application}/{Name}";
}

/// <summary>Where a block can be read.</summary>
/// <param name="Endpoint">Host and port of the worker's block server, such as <c>127.0.0.1:40123</c>.</param>
/// <param name="Length">Bytes of the block.</param>
[GenerateSerializer, Immutable, Alias("dpark.BlockLocation")]
public sealed record BlockLocation(
    [property: Id(0)] BlockId Block, [property: Id(1)] WorkerId Worker, [property: Id(2)] string Endpoint, [property: Id(3)] long Length);
