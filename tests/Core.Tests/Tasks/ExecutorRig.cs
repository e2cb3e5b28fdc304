using System.Collections.Concurrent;
using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Tasks;

/// <summary>An executor over programs that are delegates of the test. A launch names its program by its hash.</summary>
internal sealed class ExecutorRig : IProgramSource, ITaskServices, IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Func<Partition, TaskContext, TaskOutput>> _programs = new();
    private OutboxCursor _cursor;

    public ExecutorRig(ExecutorOptions? options = null, TimeProvider? timeProvider = null, ILogger<Executor>? logger = null, long memoryBytes = 1L << 40)
    {
        Memory = new(new MemoryOptions { BudgetBytes = memoryBytes });
        Outbox = new(TimeProvider.System);
        Executor = new(
            new WorkerId("worker-1"),
            options ?? new() { SlotCount = 2 },
            this,
            this,
            Outbox,
            timeProvider ?? TimeProvider.System,
            logger ?? Microsoft.Extensions.Logging.Abstractions.NullLogger<Executor>.Instance,
            keepOutput: Keep);
    }

    public Outbox Outbox { get; }

    public Executor Executor { get; }

    /// <summary>How often a copy of a program was made.</summary>
    public int CopyCount;

    public List<TaskAttemptId> StoredResults { get; } = [];

    /// <summary>Outputs that were to be remembered. Two of a shuffle are all.</summary>
    public List<MapOutput> KeptOutputs { get; } = [];

    public Func<Exception, byte[]?> Encode { get; set; } = static _ => null;

    public IShuffleStore Shuffle => null!;

    public IPartitionCache Cache => null!;

    public IBroadcastSource Broadcasts => null!;

    public WorkerMemory Memory { get; }

    public static ResultOutput Empty { get; } = new(ReadOnlyMemory<byte>.Empty, 0);

    public ExecutorRig With(string program, Func<Partition, TaskContext, TaskOutput> body)
    {
        _programs[program] = body;
        return this;
    }

    public bool Start(
        string program, int partition = 0, int attempt = 0, long epoch = 0, string application = "app-1", ShuffleId? makes = null, AwaitedOutputs? awaits = null) =>
        Executor.TryStart(new(Reports.Attempt(partition, attempt, application), new(program), [], 0) { Makes = makes, Awaits = awaits }, epoch);

    public async Task<TaskReport> NextAsync(string application = "app-1")
    {
        var batch = await Outbox.PollAsync(new(application), _cursor, new(1, 1 << 20), Limit, CancellationToken.None);
        _cursor = batch.Next;
        return Assert.Single(batch.Reports);
    }

    public async Task DrainAsync(int count)
    {
        while (count > 0)
        {
            var batch = await Outbox.PollAsync(Reports.Application, _cursor, OutboxLimits.Default, Limit, CancellationToken.None);
            Assert.NotEmpty(batch.Reports);
            _cursor = batch.Next;
            count -= batch.Reports.Length;
        }
    }

    public async Task<bool> HasReportAsync(string application = "app-1") =>
        (await Outbox.PollAsync(new(application), _cursor, OutboxLimits.Default, TimeSpan.Zero, CancellationToken.None)).Reports.Length > 0;

    public IStageProgramFactory GetOrFetch(AppId application, StageProgramId program, CancellationToken cancellationToken) =>
        _programs.TryGetValue(program.Hash, out var body)
            ? new Factory(this, body)
            : throw new MissingInputException($"program {program}", "Nobody has it.");

    public BlockLocation StoreResult(TaskAttemptId attempt, ReadOnlyMemory<byte> records)
    {
        lock (StoredResults)
        {
            StoredResults.Add(attempt);
        }

        return new(new(attempt.Application, "result"), new("worker-1"), "127.0.0.1:1", records.Length);
    }

    public byte[]? TryEncodeException(AppId application, Exception exception) => Encode(exception);

    private bool Keep(ShuffleId shuffle, MapOutput output)
    {
        lock (KeptOutputs)
        {
            KeptOutputs.Add(output);
            return KeptOutputs.Count == 2;
        }
    }

    public async ValueTask DisposeAsync() => await Executor.DisposeAsync();

    private sealed class Factory(ExecutorRig owner, Func<Partition, TaskContext, TaskOutput> body) : IStageProgramFactory
    {
        public StageProgram Create()
        {
            Interlocked.Increment(ref owner.CopyCount);
            return new Program(body);
        }

        public Partition ReadPartition(byte[] bytes) => new(bytes.Length);

        public Partition FetchPartition(string hash) => throw new NotSupportedException();
    }

    private sealed class Program(Func<Partition, TaskContext, TaskOutput> body) : StageProgram
    {
        public override TaskOutput Run(Partition partition, TaskContext context) => body(partition, context);
    }
}
