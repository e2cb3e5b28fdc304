using System.Runtime.InteropServices;

namespace Dpark.Tests.Process.Clusters;

/// <summary>What can be sent to a process, by the numbers of Linux.</summary>
internal enum Signal
{
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>Sends signals to processes that the tests have started.</summary>
internal static partial class Signals
{
    /// <summary>Sends one. Also called in silos, which do not have the test framework.</summary>
    /// <exception cref="InvalidOperationException">There is no such process, or it is not ours.</exception>
    public static void Send(int processId, Signal signal)
    {
        if (KillProcess(processId, (int)signal) != 0)
        {
            throw new InvalidOperationException($"Process {processId} could not be sent {signal}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int KillProcess(int processId, int signal);
}
