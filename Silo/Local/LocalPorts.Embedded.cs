namespace Dpark;

/// <summary>Ports of a silo that only its own process calls. With the embedded runtime none are opened: they only name the silo within the process.</summary>
internal static class LocalPorts
{
    private const int PairCount = 30_000;

    private static int s_nextPair;

    /// <summary>Two that no other local run of this process has.</summary>
    public static (int Silo, int Gateway) Find()
    {
        var pair = (int)((uint)Interlocked.Increment(ref s_nextPair) % PairCount);
        return ((2 * pair) + 1, (2 * pair) + 2);
    }
}
