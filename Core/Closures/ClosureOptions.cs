namespace Dpark.Closures;

/// <summary>Limits of closures. Bound from <c>Dpark:Closures</c>.</summary>
public sealed class ClosureOptions
{
    /// <summary>Most bytes that one captured value may take inside a closure; a larger one travels as a broadcast, once per worker. From 0. Default: 100 KiB.</summary>
    /// <remarks>A closure is sent per stage and decoded per attempt, a broadcast once per worker. Attempts share the decoded value.</remarks>
    public int MaxInlineCaptureBytes { get; set; } = 100 << 10;
}
