namespace Dpark;

/// <summary>Ports of a silo that only its own process calls.</summary>
internal static partial class LocalPorts
{
    private const int PairCount = 30_000;

    private static int s_nextPair;

    /// <summary>Two that no other local run of this process has. Where the runtime opens none, they only name the silo within the process; else nobody listens on them now.</summary>
    public static (int Silo, int Gateway) Find()
    {
        (int Silo, int Gateway)? free = null;
        FindFree(ref free);
        return free ?? NextPair();
    }

    // With the official runtime alone, which opens them.
    static partial void FindFree(ref (int Silo, int Gateway)? free);

    private static (int Silo, int Gateway) NextPair()
    {
        var pair = (int)((uint)Interlocked.Increment(ref s_nextPair) % PairCount);
        return ((2 * pair) + 1, (2 * pair) + 2);
    }
}
