using System.Diagnostics.Metrics;
using Dpark.Applications;
using Dpark.Tasks;

namespace Dpark.Diagnostics;

public sealed class DparkInstrumentsTests
{
    [Fact]
    public void OnEnded_Report_CountsOutcomeAndBytes()
    {
        // Other tests of the process count, too: these numbers are only ever added here.
        const long Odd = 7_000_000_000_000_003;
        var seen = new List<(string Name, long Value, object? Outcome)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == DparkInstruments.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (seen)
            {
                seen.Add((instrument.Name, value, tags.Length > 0 ? tags[0].Value : null));
            }
        });
        listener.Start();
        var metrics = new TaskMetrics { ShuffleBytesWritten = Odd, ShuffleBytesRead = Odd + 1, SpilledBytes = Odd + 2 };

        DparkInstruments.OnEnded(new(new(new AppId("a"), 0, 0, 0, 0), TaskOutcome.FetchFailed, null, null, 0, null, null, metrics, []));

        lock (seen)
        {
            Assert.Contains(("dpark-tasks-ended", 1, "fetch-failed"), seen);
            Assert.Contains(("dpark-shuffle-bytes-written", Odd, null), seen);
            Assert.Contains(("dpark-shuffle-bytes-read", Odd + 1, null), seen);
            Assert.Contains(("dpark-spilled-bytes", Odd + 2, null), seen);
        }
    }
}
