using System.Threading.Channels;
using Dpark.Applications;
using Dpark.Rdds;
using Dpark.TestKit;
using Dpark.Workers;

namespace Dpark.Caching;

public sealed class CacheReporterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly AppId App = new("app-1");
    private static readonly CachedPartition Partition = new(new RddId(3), 17, StorageLevel.Memory, 100, 5);

    private readonly FakeCachedPartition _grain = new();

    [Fact]
    public async Task Add_KeptAndDropped_TellsTheGrainInOrder()
    {
        await using var reporter = NewReporter(_ => true);

        reporter.Add(new(App, Partition.Rdd, Partition.PartitionIndex, Partition));
        reporter.Add(new(App, Partition.Rdd, Partition.PartitionIndex, null));

        Assert.Equal(["app-1/rdd-3/17 add here", "app-1/rdd-3/17 remove here"], await _grain.WaitForAsync(2).WaitAsync(Limit));
    }

    [Fact]
    public async Task Add_GrainFails_GoesOn()
    {
        _grain.FailNext();
        var logger = new RecordingLogger<CacheReporter>();
        await using var reporter = NewReporter(_ => true, logger);

        reporter.Add(new(App, Partition.Rdd, Partition.PartitionIndex, Partition));
        reporter.Add(new(App, Partition.Rdd, Partition.PartitionIndex, null));

        Assert.Equal(["app-1/rdd-3/17 remove here"], await _grain.WaitForAsync(1).WaitAsync(Limit));
        Assert.Single(logger.Lines);
    }

    [Fact]
    public async Task Add_ApplicationHasEnded_TellsNobody()
    {
        await using var reporter = NewReporter(application => application != App);

        reporter.Add(new(App, Partition.Rdd, Partition.PartitionIndex, Partition));
        reporter.Add(new(new AppId("app-2"), Partition.Rdd, Partition.PartitionIndex, Partition));

        Assert.Equal(["app-2/rdd-3/17 add here"], await _grain.WaitForAsync(1).WaitAsync(Limit));
    }

    private CacheReporter NewReporter(Func<AppId, bool> isRunning, RecordingLogger<CacheReporter>? logger = null) => new(
        new("here"),
        key =>
        {
            _grain.Key = key;
            return _grain;
        },
        isRunning,
        logger ?? new());

    private sealed class FakeCachedPartition : ICachedPartitionGrain
    {
        private readonly Channel<string> _calls = Channel.CreateUnbounded<string>();
        private bool _failsNext;

        public string Key { get; set; } = "";

        public void FailNext() => _failsNext = true;

        public async Task<string[]> WaitForAsync(int count)
        {
            var calls = new string[count];
            for (var i = 0; i < count; i++)
            {
                calls[i] = await _calls.Reader.ReadAsync();
            }

            return calls;
        }

        public Task AddHolderAsync(WorkerId worker, CachedPartition partition, CancellationToken cancellationToken) => Call($"add {worker}");

        public Task RemoveHolderAsync(WorkerId worker, CancellationToken cancellationToken) => Call($"remove {worker}");

        public Task<WorkerId[]> ListHoldersAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        private Task Call(string what)
        {
            if (_failsNext)
            {
                _failsNext = false;
                return Task.FromException(new TimeoutException());
            }

            Assert.True(_calls.Writer.TryWrite($"{Key} {what}"));
            return Task.CompletedTask;
        }
    }
}
