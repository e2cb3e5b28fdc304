namespace Dpark.Partitioning;

/// <summary>Implemented by a key type that defines its own equality, so that equal keys from different processes meet in one partition.</summary>
public interface IStableHashable
{
    /// <summary>The same for equal keys, in every process and on every machine. Made of <see cref="StableHash.Of"/> of what equality looks at.</summary>
    ulong StableHashCode { get; }
}
