namespace Dpark.Conformance.Signals;

internal static class Signal
{
    /// <summary>How long a call may wait for a signal, whatever the cluster's own timeout is.</summary>
    public const string Timeout = "00:00:30";
}
