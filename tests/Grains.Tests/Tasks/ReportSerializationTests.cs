using Dpark.Applications;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Shuffle;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Dpark.Tasks;

/// <summary>What crosses silos comes back as it was: the messages with many members that are mostly not set.</summary>
public sealed class ReportSerializationTests
{
    private static readonly AppId App = new("app-1");
    private static readonly TaskAttemptId Attempt = new(App, 1, 2, 3, 4);

    private readonly Serializer _serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    public static TheoryData<int> Failures => [.. Enumerable.Range(0, AllFailures.Length)];

    private static TaskFailure[] AllFailures { get; } =
    [
        new("T", "m", "", null, null, 0, null, null),
        new("T", "m", "at x", new("I", "i", "", null, null, 0, null, null), null, 0, null, [1, 2, 3]),
        new("T", "m", "", null, new ShuffleId(App, 7), -1, new("w"), null),
        new("T", "m", "", null, new ShuffleId(App, 7), 5, new("w"), [1]) { Operator = new CallSite("Map", "a.cs", 3) },
        new("T", "m", "", null, null, 0, null, null) { Operator = new CallSite("Map", "", 0) },
        new("T", new('m', 5000), new('s', 20_000), null, null, 0, null, new byte[5000]),
        new("T", "größer", new string('é', 3000) + "x", new("I", new('ü', 300), "", null, null, 0, null, null), null, 0, null, null),
    ];

    [Theory]
    [MemberData(nameof(Failures))]
    public void Failure_RoundTrip_IsEqual(int index)
    {
        var failure = AllFailures[index];

        var copy = _serializer.Deserialize<TaskFailure>(_serializer.SerializeToArray(failure));

        Assert.Equivalent(failure, copy, strict: true);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void Report_WithFailure_RoundTrip_IsEqual(int index)
    {
        var metrics = new TaskMetrics { InputBytes = 1, RunTime = TimeSpan.FromSeconds(2), OutputRecords = 3 };
        var report = new TaskReport(Attempt, TaskOutcome.Failed, null, null, 0, null, AllFailures[index], metrics, ["careful"]);

        var copy = _serializer.Deserialize<OutboxBatch>(_serializer.SerializeToArray(new OutboxBatch(Guid.NewGuid(), 5, [report, report])));
        Assert.NotNull(copy);

        Assert.Equivalent(report, copy.Reports[0], strict: true);
        Assert.Equivalent(report, copy.Reports[1], strict: true);
    }

    [Fact]
    public void Report_OfAMapTask_RoundTrip_IsEqual()
    {
        var output = new MapOutput(1, new("w"), 2, [3, 4], 5);
        var report = new TaskReport(Attempt, TaskOutcome.Succeeded, null, null, 0, output, null, new TaskMetrics(), []);

        var copy = _serializer.Deserialize<TaskReport>(_serializer.SerializeToArray(report));

        Assert.Equivalent(report, copy, strict: true);
    }

    [Fact]
    public void Report_OfALargeResult_RoundTrip_IsEqual()
    {
        var report = new TaskReport(
            Attempt, TaskOutcome.Succeeded, null, new(new(App, "result"), new("w"), "127.0.0.1:1", 9), 5, null, null, new TaskMetrics { SpilledBytes = 1 }, []);

        var copy = _serializer.Deserialize<TaskReport>(_serializer.SerializeToArray(report));

        Assert.Equivalent(report, copy, strict: true);
    }

    [Fact]
    public void Report_OfAnAttemptThatKeptPartitions_RoundTrip_IsEqual()
    {
        var report = new TaskReport(Attempt, TaskOutcome.Succeeded, [1], null, 1, null, null, new TaskMetrics { CacheRemoteBytesRead = 7 }, [])
        {
            Kept = [new(new(3), 17, [new("w"), new("v")]), new(new(4), 0, [new("w")])],
        };

        var copy = _serializer.Deserialize<TaskReport>(_serializer.SerializeToArray(report));

        Assert.Equivalent(report, copy, strict: true);
    }

    [Fact]
    public void Launch_WithHints_RoundTrip_IsEqual()
    {
        var launch = new TaskLaunch(Attempt, new("hash"), [1, 2], 5)
        {
            CacheHints = new([new(new("w"), "host:1"), new(new("v"), "host:2")], [new(new(3), 17, 1), new(new(3), 18, 0)], [0]),
        };

        var copy = _serializer.Deserialize<TaskLaunch>(_serializer.SerializeToArray(launch));

        Assert.Equivalent(launch, copy, strict: true);
    }

    [Fact]
    public void CacheCopy_RoundTrip_IsEqual()
    {
        var request = new CacheCopy(new(App, new(3), 17), StorageLevel.DiskTwice, Guid.NewGuid(), new(new("w"), "host:1"));

        Assert.Equal(request, _serializer.Deserialize<CacheCopy>(_serializer.SerializeToArray(request)));
    }
}
