using System.Globalization;
using Dpark.Jobs;
using Dpark.Scheduling;

namespace Dpark.Progress;

/// <summary>
/// Writes how far stages are: on a terminal one line, rewritten while its stage runs; otherwise a plain line when a stage ends, and every few seconds for one that
/// takes long. Nothing is written for stages that end within <see cref="QuietTime"/>, so that small jobs are silent. Thread-safe.
/// </summary>
/// <param name="output">Mostly standard error. Not disposed.</param>
/// <param name="isTerminal">Whether a line can be written over.</param>
public sealed class ConsoleProgress(TextWriter output, bool isTerminal, TimeProvider timeProvider) : IJobListener, IDisposable
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<int, StageLine> _stages = [];
    private int _openLength;
    private int _openStage = -1;

    /// <summary>Stages that end sooner are not written. At least zero, which writes every stage. Default: half a second.</summary>
    public TimeSpan QuietTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <inheritdoc/>
    public void OnStageProgress(StageProgress progress)
    {
        ArgumentNullException.ThrowIfNull(progress);
        lock (_gate)
        {
            if (!_stages.TryGetValue(progress.Stage.StageId, out var line))
            {
                _stages.Add(progress.Stage.StageId, line = new StageLine(timeProvider.GetTimestamp()));
            }

            Write(progress, line);
            if (progress.IsEnded)
            {
                _stages.Remove(progress.Stage.StageId);
            }
        }
    }

    /// <inheritdoc/>
    public void OnJobWaiting(JobWaiting waiting)
    {
        ArgumentNullException.ThrowIfNull(waiting);
        lock (_gate)
        {
            CloseLine();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{waiting.Job} has waited for {waiting.Since.TotalSeconds:F0} s. {waiting.Reason}"));
        }
    }

    /// <summary>Ends an open line.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            CloseLine();
        }
    }

    private void Write(StageProgress progress, StageLine line)
    {
        var elapsed = timeProvider.GetElapsedTime(line.StartedAt);
        if (elapsed < QuietTime)
        {
            return;
        }

        if (isTerminal)
        {
            WriteOver(progress, Describe(progress, elapsed));
        }
        else if (progress.IsEnded || timeProvider.GetElapsedTime(line.WrittenAt) >= PlainInterval)
        {
            line.WrittenAt = timeProvider.GetTimestamp();
            output.WriteLine(Describe(progress, elapsed));
        }
    }

    private void WriteOver(StageProgress progress, string text)
    {
        if (_openStage >= 0 && _openStage != progress.Stage.StageId)
        {
            CloseLine();
        }

        output.Write('\r');
        output.Write(text.PadRight(_openLength));
        (_openStage, _openLength) = (progress.Stage.StageId, text.Length);
        if (progress.IsEnded)
        {
            CloseLine();
        }

        output.Flush();
    }

    private void CloseLine()
    {
        if (_openStage >= 0)
        {
            output.WriteLine();
            (_openStage, _openLength) = (-1, 0);
        }
    }

    private static string Describe(StageProgress progress, TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{progress.Job} {progress.Stage} {progress.Stage.CallSite}: {progress.DoneCount}/{progress.TotalCount} tasks" +
        $"{(progress.RunningCount > 0 ? $", {progress.RunningCount} on workers" : "")}{(progress.FailedCount > 0 ? $", {progress.FailedCount} failed" : "")}" +
        $", {elapsed.TotalSeconds:F1} s");

    private sealed class StageLine(long startedAt)
    {
        public long StartedAt { get; } = startedAt;

        public long WrittenAt { get; set; } = startedAt;
    }
}
