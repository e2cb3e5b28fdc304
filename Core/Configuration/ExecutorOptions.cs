namespace Dpark.Configuration;

/// <summary>How a worker runs attempts. Bound from <c>Dpark:Executor</c>.</summary>
public sealed class ExecutorOptions
{
    /// <summary>Attempts that run at once, each on a thread of its own. From 1 to 4096. Default: the number of processors.</summary>
    public int SlotCount { get; set; } = Environment.ProcessorCount;

    /// <summary>Stack of each of these threads. From 1 MiB to 1 GiB. Default: 16 MiB.</summary>
    /// <remarks>Only what is used takes memory. User code that recurses over deep structures needs it.</remarks>
    public int StackBytes { get; set; } = 16 << 20;

    /// <summary>
    /// Results up to this travel with the report; larger ones are kept as blocks that the driver streams. From 0 to 512 KiB. Default: 64 KiB.
    /// </summary>
    public int MaxInlineResultBytes { get; set; } = 64 << 10;

    /// <summary>
    /// Ended attempts remembered per application, so that a launch that arrives twice runs once. From 1,024 to 16,777,216. Default: 65,536.
    /// </summary>
    /// <remarks>About 50 bytes each.</remarks>
    public int RememberedAttempts { get; set; } = 65_536;

    /// <summary>
    /// How long a cancelled attempt may go on before it is reported as not stopping, and another thread takes its slot if <see cref="SpareSlotCount"/> allows.
    /// From 0 to 1 hour. Default: 500 ms.
    /// </summary>
    public TimeSpan CancelLimit { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Most attempts that do not stop whose slots are given to others. Each takes a processor and memory as long as its code runs; beyond this number the worker
    /// has fewer slots. From 0 to 4096. Default: the number of processors.
    /// </summary>
    public int SpareSlotCount { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// How much the thread of the runtime that optimizes hot code gives way to attempts: what its nice value is above that of the process, on Linux; elsewhere it is not used.
    /// From 0, which leaves the thread alone, to 19. Default: 5.
    /// </summary>
    /// <remarks>
    /// With 5, the thread has a quarter of a processor where attempts want all of it, and all that they do not use. With more, code that is new stays slow for longer.
    /// </remarks>
    public int CompilerNice { get; set; } = 5;

    /// <summary>How long the worker waits for its attempts when it stops. From 0 to 10 minutes. Default: 5 s.</summary>
    public TimeSpan StopLimit { get; set; } = TimeSpan.FromSeconds(5);
}
