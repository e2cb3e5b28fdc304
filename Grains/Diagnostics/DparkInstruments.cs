using System.Diagnostics;
using System.Diagnostics.Metrics;
using Dpark.Tasks;

namespace Dpark.Diagnostics;

/// <summary>The metrics of the workers of this process, as the meter <c>Dpark</c>. Thread-safe.</summary>
internal static class DparkInstruments
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Dpark";

    private const string OutcomeTag = "outcome";

    private static readonly Meter Source = new(MeterName);

    private static readonly Counter<long> Started = Source.CreateCounter<long>("dpark-tasks-started", "{attempt}", "Attempts that a worker took.");
    private static readonly Counter<long> Refused = Source.CreateCounter<long>("dpark-tasks-refused", "{attempt}", "Attempts that a worker refused.");
    private static readonly Counter<long> Ended = Source.CreateCounter<long>("dpark-tasks-ended", "{attempt}", "Attempts that ended, by outcome.");
    private static readonly Counter<double> RunTime = Source.CreateCounter<double>("dpark-tasks-run-time", "s", "Time of attempts on their threads.");
    private static readonly Counter<long> InputBytes = Source.CreateCounter<long>("dpark-input-bytes", "By", "Bytes read from sources.");
    private static readonly Counter<long> OutputBytes = Source.CreateCounter<long>("dpark-output-bytes", "By", "Bytes written by sinks.");
    private static readonly Counter<long> Written = Source.CreateCounter<long>("dpark-shuffle-bytes-written", "By", "Bytes written to map outputs.");
    private static readonly Counter<long> Read = Source.CreateCounter<long>("dpark-shuffle-bytes-read", "By", "Bytes read from map outputs.");
    private static readonly Counter<long> RemoteRead =
        Source.CreateCounter<long>("dpark-shuffle-remote-bytes-read", "By", "Bytes read from map outputs of other workers.");

    private static readonly Counter<long> Spilled = Source.CreateCounter<long>("dpark-spilled-bytes", "By", "Bytes written to spill files.");

    /// <summary>Counts an attempt that was handed to a worker.</summary>
    public static void OnLaunched(bool wasTaken) => (wasTaken ? Started : Refused).Add(1);

    /// <summary>Counts an attempt that ended, with what it did.</summary>
    public static void OnEnded(TaskReport report)
    {
        // Most processes have no listener, and this runs for each of tens of thousands of tasks per second.
        if (!Ended.Enabled && !Read.Enabled && !Written.Enabled && !InputBytes.Enabled)
        {
            return;
        }

        Ended.Add(1, new TagList { { OutcomeTag, NameOf(report.Outcome) } });
        var metrics = report.Metrics;
        RunTime.Add(metrics.RunTime.TotalSeconds);
        InputBytes.Add(metrics.InputBytes);
        OutputBytes.Add(metrics.OutputBytes);
        Written.Add(metrics.ShuffleBytesWritten);
        Read.Add(metrics.ShuffleBytesRead);
        RemoteRead.Add(metrics.ShuffleRemoteBytesRead);
        Spilled.Add(metrics.SpilledBytes);
    }

    private static string NameOf(TaskOutcome outcome) => outcome switch
    {
        TaskOutcome.Succeeded => "succeeded",
        TaskOutcome.Failed => "failed",
        TaskOutcome.Cancelled => "cancelled",
        TaskOutcome.FetchFailed => "fetch-failed",
        _ => "missing-input",
    };
}
