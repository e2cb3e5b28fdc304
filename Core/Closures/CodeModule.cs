namespace Dpark.Closures;

/// <summary>Names one assembly by its content.</summary>
/// <param name="Name">Simple name, such as <c>Contoso.Billing</c>. Not unique: an application may have two builds of one library.</param>
/// <param name="Mvid">Module version id, which the compiler changes with every build of other source. Two assemblies with the same one are the same code.</param>
/// <param name="Hash">SHA-256 of the file, 64 lower-case hex digits, or in a local run a shorter hash of 32; empty if the process that made the closure has no file for it.</param>
/// <param name="Length">Bytes of the file; 0 if <paramref name="Hash"/> is empty.</param>
[GenerateSerializer, Immutable, Alias("dpark.CodeModule")]
public sealed record CodeModule([property: Id(0)] string Name, [property: Id(1)] Guid Mvid, [property: Id(2)] string Hash, [property: Id(3)] long Length)
{
    /// <summary>The form used in logs and messages, such as <c>Contoso.Billing (1f0c…)</c>, with the first digits of the module version id.</summary>
    public override string ToString() => $"{Name} ({Mvid.ToString("N")[..8]})";
}
