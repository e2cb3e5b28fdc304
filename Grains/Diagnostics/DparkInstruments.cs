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

    private static readonly Meter s_meter = new(MeterName);

    private static readonly Counter<long> s_started = s_meter.CreateCounter<long>("dpark-tasks-started", "{attempt}", "Attempts that a worker took.");
    private static readonly Counter<long> s_refused = s_meter.CreateCounter<long>("dpark-tasks-refused", "{attempt}", "Attempts that a worker refused.");
    private static readonly Counter<long> s_ended = s_meter.CreateCounter<long>("dpark-tasks-ended", "{attempt}", "Attempts that ended, by outcome.");
    private static readonly Counter<double> s_runTime = s_meter.CreateCounter<double>("dpark-tasks-run-time", "s", "Time of attempts on their threads.");
    private static readonly Counter<long> s_inputBytes = s_meter.CreateCounter<long>("dpark-input-bytes", "By", "Bytes read from sources.");
    private static readonly Counter<long> s_outputBytes = s_meter.CreateCounter<long>("dpark-output-bytes", "By", "Bytes written by sinks.");
    private static readonly Counter<long> s_written = s_meter.CreateCounter<long>("dpark-shuffle-bytes-written", "By", "Bytes written to map outputs.");
    private static readonly Counter<long> s_read = s_meter.CreateCounter<long>("dpark-shuffle-bytes-read", "By", "Bytes read from map outputs.");
    private static readonly Counter<long> s_remote =
        s_meter.CreateCounter<long>("dpark-shuffle-remote-bytes-read", "By", "Bytes read from map outputs of other workers.");

    private static readonly Counter<long> s_spilled = s_meter.CreateCounter<long>("dpark-spilled-bytes", "By", "Bytes written to spill files.");

    /// <summary>Counts an attempt that was handed to a worker.</summary>
    public static void OnLaunched(bool wasTaken) => (wasTaken ? s_started : s_refused).Add(1);

    /// <summary>Counts an attempt that ended, with what it did.</summary>
    public static void OnEnded(TaskReport report)
    {
        // Most processes have no listener, and this runs for each of tens of thousands of tasks per second.
        if (!s_ended.Enabled && !s_read.Enabled && !s_written.Enabled && !s_inputBytes.Enabled)
        {
            return;
        }

        s_ended.Add(1, new TagList { { OutcomeTag, NameOf(report.Outcome) } });
        var metrics = report.Metrics;
        s_runTime.Add(metrics.RunTime.TotalSeconds);
        s_inputBytes.Add(metrics.InputBytes);
        s_outputBytes.Add(metrics.OutputBytes);
        s_written.Add(metrics.ShuffleBytesWritten);
        s_read.Add(metrics.ShuffleBytesRead);
        s_remote.Add(metrics.ShuffleRemoteBytesRead);
        s_spilled.Add(metrics.SpilledBytes);
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
