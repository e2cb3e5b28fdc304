using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Dpark.Environments;

/// <summary>One life of one process on one machine: unlike a process id, never given twice.</summary>
/// <param name="Host">Host name.</param>
/// <param name="Machine">What tells machines of one name apart; empty if the system has nothing.</param>
/// <param name="Boot">Changes when the machine restarts; empty if the system has nothing.</param>
/// <param name="Namespace">Within which the process id counts, such as that of a container; empty if the system has none.</param>
/// <param name="ProcessId">The process id.</param>
/// <param name="StartedAt">When the process started, in the system's own units.</param>
internal sealed record ProcessIdentity(string Host, string Machine, string Boot, string Namespace, int ProcessId, long StartedAt)
{
    private const string Header = "dpark-owner 1";

    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId)
        ?? throw new PlatformNotSupportedException(
            "This process cannot find itself among the processes of the system. Mount /proc, or run on another system.");

    /// <returns><see langword="null"/> if no such process runs on this machine. One that has ended but was not waited for does not run.</returns>
    public static ProcessIdentity? Of(int processId) => TryGetStart(processId, out var startedAt)
        ? new(
            Environment.MachineName,
            ReadLine("/etc/machine-id"),
            ReadLine("/proc/sys/kernel/random/boot_id"),
            OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "",
            processId,
            startedAt)
        : null;

    /// <summary>Whether this is, or was, a process of the machine that the calling process runs on.</summary>
    public bool IsOfThisMachine => Host == Current.Host && Machine == Current.Machine;

    /// <summary>Whether the process ids of this process can be looked up by the calling one.</summary>
    public bool IsOfThisBootAndNamespace => Boot == Current.Boot && Namespace == Current.Namespace;

    /// <summary>Whether it runs now. Only for one of this machine, boot and namespace.</summary>
    public bool IsRunning => TryGetStart(ProcessId, out var startedAt) && startedAt == StartedAt;

    /// <summary>The form in which it is stored.</summary>
    public string Format() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Header}\nhost={Host}\nmachine={Machine}\nboot={Boot}\nnamespace={Namespace}\npid={ProcessId}\nstarted={StartedAt}\n.\n");

    /// <summary>Reads what <see cref="Format"/> wrote.</summary>
    /// <returns><see langword="false"/> if it is something else, or only a part of it.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out ProcessIdentity? identity)
    {
        identity = null;
        var lines = text.Split('\n');
        if (lines is not [Header, _, _, _, _, _, _, ".", ""])
        {
            return false;
        }

        string[] keys = ["host", "machine", "boot", "namespace", "pid", "started"];
        var values = new string[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            var line = lines[i + 1];
            if (!line.StartsWith(keys[i], StringComparison.Ordinal) || line.Length == keys[i].Length || line[keys[i].Length] != '=')
            {
                return false;
            }

            values[i] = line[(keys[i].Length + 1)..];
        }

        if (!int.TryParse(values[4], NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
            || !long.TryParse(values[5], NumberStyles.None, CultureInfo.InvariantCulture, out var startedAt))
        {
            return false;
        }

        identity = new(values[0], values[1], values[2], values[3], processId, startedAt);
        return true;
    }

    private static bool TryGetStart(int processId, out long startedAt)
    {
        return OperatingSystem.IsLinux() ? TryReadStat(processId, out startedAt) : TryAskSystem(processId, out startedAt);
    }

    // Apart, because it loads assemblies that nothing else at a start needs.
    private static bool TryAskSystem(int processId, out long startedAt)
    {
        startedAt = 0;
        try
        {
            using var process = Process.GetProcessById(processId);
            startedAt = process.StartTime.ToUniversalTime().Ticks / TimeSpan.TicksPerSecond;
            return !process.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool TryReadStat(int processId, out long startedAt)
    {
        startedAt = 0;
        string stat;
        try
        {
            stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        // The second field is the program's name in parentheses and may hold anything; the third is the state, the 22nd the start in ticks since boot.
        const int StartField = 22 - 3;
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartField && fields[0] is not ("Z" or "X")
            && long.TryParse(fields[StartField], NumberStyles.None, CultureInfo.InvariantCulture, out startedAt);
    }

    private static string ReadLine(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
