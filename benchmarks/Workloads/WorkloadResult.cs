using System.Text.Json.Serialization;

namespace Dpark.Workloads;

/// <summary>One row of the table. Times are medians over the rounds.</summary>
/// <param name="Workload">Name of the workload, and of the baseline if there are several.</param>
/// <param name="EngineSeconds">Time of the engine; of one job for workloads of many.</param>
/// <param name="BaselineSeconds">Time of the plain code.</param>
/// <param name="Ratio">Engine to baseline; lower is better.</param>
/// <param name="Records">Elements, or tasks, that one measurement is about.</param>
/// <param name="InputBytes">Bytes that were read; 0 if there is no input.</param>
/// <param name="PeakBytes">Largest working set while the engine ran, of all its processes together.</param>
/// <param name="AllocatedBytesPerRecord">By the engine and the user's functions together, in this process. Not in the JSON.</param>
/// <param name="LeastAllocatedBytesPerRecord">The same, of the round that allocated least: without what pools had given back between two rounds.</param>
/// <param name="SpilledBytes">Written to spill files by all rounds.</param>
/// <param name="Check">What both sides computed: a count and a checksum.</param>
internal sealed record WorkloadResult(
    string Workload,
    double EngineSeconds,
    double BaselineSeconds,
    double Ratio,
    long Records,
    long InputBytes,
    long PeakBytes,
    [property: JsonIgnore] double AllocatedBytesPerRecord,
    [property: JsonIgnore] double LeastAllocatedBytesPerRecord,
    long SpilledBytes,
    string Check);

/// <summary>One row of the table of <c>--doubling</c>. Times are medians over the rounds.</summary>
/// <param name="Workload">Name of the workload.</param>
/// <param name="Seconds">Time of the engine at the size of the run.</param>
/// <param name="DoubleSeconds">With twice the data.</param>
/// <param name="Factor">The second to the first.</param>
/// <param name="Goal">What the factor should not exceed; more where twice the data was spilled.</param>
/// <param name="BaselineFactor">That of the plain code, which has no limit of memory: what caches and pages of the machine alone make of twice the data.</param>
/// <param name="Records">Elements at the size of the run.</param>
/// <param name="SpilledBytes">Written to spill files by one run at the size of the run.</param>
/// <param name="DoubleSpilledBytes">With twice the data.</param>
/// <param name="Check">What was computed at the size of the run.</param>
/// <param name="DoubleCheck">With twice the data.</param>
internal sealed record DoublingResult(
    string Workload,
    double Seconds,
    double DoubleSeconds,
    double Factor,
    double Goal,
    double BaselineFactor,
    long Records,
    long SpilledBytes,
    long DoubleSpilledBytes,
    string Check,
    string DoubleCheck);
