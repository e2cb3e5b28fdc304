using Dpark.Progress;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.TestKit;

namespace Dpark.Driver;

public sealed class ConsoleProgressTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };

    [Fact]
    public void OnStageProgress_StageEndsSoon_WritesNothing()
    {
        using var progress = new ConsoleProgress(_output, isTerminal: false, _clock);

        progress.OnStageProgress(At(stage: 1, done: 0, isEnded: false));
        progress.OnStageProgress(At(stage: 1, done: 4, isEnded: true));

        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public void OnStageProgress_Redirected_WritesOnePlainLineAtTheEnd()
    {
        using var progress = new ConsoleProgress(_output, isTerminal: false, _clock);

        progress.OnStageProgress(At(stage: 1, done: 0, isEnded: false));
        _clock.Advance(Second);
        progress.OnStageProgress(At(stage: 1, done: 2, isEnded: false));
        _clock.Advance(Second);
        progress.OnStageProgress(At(stage: 1, done: 4, isEnded: true));

        Assert.Equal("job-3 stage-1 Map at Job.cs:7: 4/4 tasks, 1 failed, 2.0 s\n", _output.ToString());
    }

    [Fact]
    public void OnStageProgress_RedirectedAndLong_WritesALineEveryFewSeconds()
    {
        using var progress = new ConsoleProgress(_output, isTerminal: false, _clock);

        for (var second = 0; second <= 11; second++)
        {
            progress.OnStageProgress(At(stage: 1, done: 1, isEnded: false));
            _clock.Advance(Second);
        }

        Assert.Equal(2, _output.ToString().Count(c => c == '\n'));
    }

    [Fact]
    public void OnStageProgress_Terminal_WritesOverTheLine()
    {
        using var progress = new ConsoleProgress(_output, isTerminal: true, _clock);

        progress.OnStageProgress(At(stage: 1, done: 0, isEnded: false));
        _clock.Advance(Second);
        progress.OnStageProgress(At(stage: 1, done: 2, isEnded: false));
        progress.OnStageProgress(At(stage: 1, done: 4, isEnded: true));

        var lines = _output.ToString().Split('\r');
        Assert.Equal(["", "job-3 stage-1 Map at Job.cs:7: 2/4 tasks, 2 on workers, 1 failed, 1.0 s", "job-3 stage-1 Map at Job.cs:7: 4/4 tasks, 1 failed, 1.0 s"], lines.Select(line => line.TrimEnd()));
        Assert.EndsWith("\n", lines[2], StringComparison.Ordinal);
        Assert.Equal(lines[1].Length, lines[2].Length - 1);
    }

    [Fact]
    public void OnJobWaiting_OpenLine_IsEndedFirst()
    {
        using var progress = new ConsoleProgress(_output, isTerminal: true, _clock);
        progress.OnStageProgress(At(stage: 1, done: 0, isEnded: false));
        _clock.Advance(Second);
        progress.OnStageProgress(At(stage: 1, done: 2, isEnded: false));

        progress.OnJobWaiting(new JobWaiting(new JobId(3), "No worker is left.", TimeSpan.FromSeconds(15)));

        Assert.EndsWith("1.0 s\njob-3 has waited for 15 s. No worker is left.\n", _output.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _output.Dispose();

    private static StageProgress At(int stage, int done, bool isEnded) => new(
        new JobId(3),
        new StageInfo(stage, 4, null, []) { CallSite = new CallSite("Map", "/src/Job.cs", 7) },
        0,
        done,
        isEnded ? 0 : 2,
        1,
        4,
        isEnded);
}
