using System.Runtime.InteropServices;

namespace Dpark.Workloads;

/// <summary>
/// Memory that the system has at hand. The host of a virtual machine may take back what is free there, within seconds (free page reporting); each page costs the host's work
/// again when it is next used. What runs then pays for each page that the run before it did not use, which is what differs between an engine that writes its data twice
/// and plain code that writes it once.
/// </summary>
internal static class TouchedMemory
{
    private const nuint PageBytes = 4 << 10;

    /// <summary>Uses so many bytes of memory and frees them.</summary>
    /// <param name="bytes">0: nothing is done.</param>
    /// <exception cref="OutOfMemoryException">There is not as much.</exception>
    public static unsafe void Use(long bytes)
    {
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes);
        for (nuint offset = 0; offset < (nuint)bytes; offset += PageBytes)
        {
            memory[offset] = 1;
        }

        NativeMemory.Free(memory);
    }
}
