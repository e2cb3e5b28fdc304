namespace Dpark.Workers;

/// <summary>Names one life of one worker. A worker that restarts at the same address is another worker.</summary>
/// <param name="Value">The silo's address with its generation, such as <c>127.0.0.1:11111@153612345</c>.</param>
[GenerateSerializer, Immutable, Alias("dpark.WorkerId")]
public readonly record struct WorkerId([property: Id(0)] string Value)
{
    /// <summary>The value itself.</summary>
    public override string ToString() => Value;
}
