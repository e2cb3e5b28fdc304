using System.Diagnostics;
using System.Runtime.CompilerServices;
using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Tests.Process.Clusters;

namespace Dpark.Tests.Process;

/// <summary>User code that harms the silo that runs it: its job ends with the cause, the other silos go on, and so does the next job.</summary>
public sealed class HarmfulCodeTests(HarmfulCodeTests.Fixture fixture) : IClassFixture<HarmfulCodeTests.Fixture>
{
    private const int SiloCount = 3;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [RedisFact]
    public async Task Code_Throws_JobFailsWithItsException()
    {
        var failure = await FailAsync(n => n == 7 ? throw new InvalidDataException("record 7 is not a visit") : n);

        Assert.Equal("record 7 is not a visit", Assert.IsType<InvalidDataException>(failure.InnerException).Message);
        Assert.Contains("failed 4 times, which is the limit (Dpark:Scheduler:MaxTaskFailures)", failure.Message, StringComparison.Ordinal);
        await AssertGoesOnAsync(SiloCount);
    }

    [RedisFact]
    public async Task Code_ThrowsATypeThatTheDriverCannotLoad_JobFailsWithItsNameAndText()
    {
        var failure = await FailAsync(n => n == 7 ? throw MakeForeignException("made on the worker") : n);

        Assert.Contains("Foreign.TroubleException", failure.ToString(), StringComparison.Ordinal);
        Assert.Contains("made on the worker", failure.Message, StringComparison.Ordinal);
        Assert.IsType<RemoteTaskException>(failure.InnerException);
        await AssertGoesOnAsync(SiloCount);
    }

    [RedisFact]
    public async Task Code_CallsExit_JobFailsAtOnceAndOneSiloIsLost()
    {
        var failure = await FailAsync(n => n == 0 ? Exit() : n, partitionCount: 1);

        Assert.Contains("failed in a way that another attempt would repeat", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Environment.Exit(3) was called while this task, and no other, ran on its worker.", failure.Message, StringComparison.Ordinal);
        await AssertGoesOnAsync(SiloCount - 1);
        Assert.Contains("The process ends: Environment.Exit(3) was called, while these tasks ran: ", fixture.LogsOfEnded(), StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Code_CallsFailFast_JobFailsBeforeTheLastSiloIsLost()
    {
        var failure = await FailAsync(n => n == 7 ? FailFast() : n);

        AssertBlamed(failure);
        await AssertGoesOnAsync(1);
        Assert.Contains("the user's code has had enough", fixture.LogsOfEnded(), StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Code_OverflowsTheStack_JobFailsBeforeTheLastSiloIsLost()
    {
        var failure = await FailAsync(n => n == 7 ? Descend(n) : n);

        AssertBlamed(failure);
        await AssertGoesOnAsync(1);
        Assert.Contains("Stack overflow", fixture.LogsOfEnded(), StringComparison.Ordinal);
    }

    [RedisFact]
    public async Task Code_AllocatesWithoutEnd_JobFailsForLackOfMemoryAndNoSiloIsLost()
    {
        var failure = await FailAsync(n => n == 7 ? Hoard() : n);

        Assert.Contains("OutOfMemoryException", failure.Message, StringComparison.Ordinal);

        // With all of the message and the logs: which thread finds no memory is not always the same.
        Assert.True(
            failure.Message.Contains("failed for lack of memory though it had its worker to itself", StringComparison.Ordinal),
            $"{failure.Message} {fixture.LogsOfEnded()}");
        await AssertGoesOnAsync(SiloCount);
    }

    [RedisFact]
    public async Task Code_LoopsForEver_JobEndsWhenItIsCancelledAndTheSlotIsGivenToOthers()
    {
        await fixture.WholeAsync();
        await using var dpark = await fixture.Cluster.ConnectAsync();
        var tokens = fixture.Cluster.PathOf($"loops-{Guid.NewGuid():N}");
        using var cancellation = new CancellationTokenSource();
        using var watcher = new FileSystemWatcher(Directory.CreateDirectory(tokens).FullName);
        var isRunning = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        watcher.Created += (_, _) => isRunning.TrySetResult();
        watcher.EnableRaisingEvents = true;

        var job = dpark.Range(0, 12, 6).Map(n => n == 7 ? Loop(tokens) : n).CountAsync(cancellation.Token);
        await isRunning.Task.WaitAsync(s_limit);
        var cancelledAt = Stopwatch.GetTimestamp();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => job.WaitAsync(s_limit));
        var elapsed = Stopwatch.GetElapsedTime(cancelledAt);

        Assert.True(elapsed < TimeSpan.FromSeconds(1), $"The job ended {elapsed} after its cancellation.");
        await AssertGoesOnAsync(SiloCount);
    }

    private async Task<JobFailedException> FailAsync(Func<long, long> code, int partitionCount = 6)
    {
        await fixture.WholeAsync();
        await using var dpark = await fixture.Cluster.ConnectAsync();
        var job = dpark.Range(0, 12, partitionCount).Map(code).CountAsync();
        var failure = await Record.ExceptionAsync(() => job.WaitAsync(s_limit));
        return job.IsCompleted ? Assert.IsType<JobFailedException>(failure) : throw new TimeoutException($"The job did not end within {s_limit}. {fixture.Cluster.Logs()}");
    }

    /// <summary>The next job is right, and so many silos run.</summary>
    private async Task AssertGoesOnAsync(int siloCount)
    {
        await using var dpark = await fixture.Cluster.ConnectAsync();
        var sums = await dpark.Range(0, 3_000, 6).Map(n => (n % 10, n)).ReduceByKey((a, b) => a + b, 3).CollectAsync().WaitAsync(s_limit);

        Assert.Equal(Enumerable.Range(0, 3_000).GroupBy(n => (long)n % 10, (key, all) => (key, all.Sum(n => (long)n))).Order(), sums.Order());
        while (fixture.Running.Length > siloCount)
        {
            // Its tasks are lost before its process has ended.
            await await Task.WhenAny(fixture.Running.Select(silo => silo.WaitForExitAsync()));
        }

        Assert.Equal(siloCount, fixture.Running.Length);
    }

    private static void AssertBlamed(JobFailedException failure)
    {
        const string Blame = "was running on 3 workers when they died, the last of them a process that was started for it alone (Dpark:Scheduler:SpareLastWorker)";
        Assert.True(failure.Message.Contains(Blame, StringComparison.Ordinal), failure.Message);
        Assert.Contains("Its code may be what kills them", failure.Message, StringComparison.Ordinal);
    }

    // A type of an assembly that exists on the worker only.
    private static Exception MakeForeignException(string message)
    {
        var assembly = System.Reflection.Emit.AssemblyBuilder.DefineDynamicAssembly(new("Foreign"), System.Reflection.Emit.AssemblyBuilderAccess.Run);
        var type = assembly.DefineDynamicModule("Foreign").DefineType("Foreign.TroubleException", System.Reflection.TypeAttributes.Public, typeof(Exception));
        var constructor = type.DefineConstructor(System.Reflection.MethodAttributes.Public, System.Reflection.CallingConventions.Standard, [typeof(string)]).GetILGenerator();
        constructor.Emit(System.Reflection.Emit.OpCodes.Ldarg_0);
        constructor.Emit(System.Reflection.Emit.OpCodes.Ldarg_1);
        constructor.Emit(System.Reflection.Emit.OpCodes.Call, typeof(Exception).GetConstructor([typeof(string)])!);
        constructor.Emit(System.Reflection.Emit.OpCodes.Ret);
        return (Exception)Activator.CreateInstance(type.CreateType(), message)!;
    }

    private static long Exit()
    {
        Environment.Exit(3);
        return 0;
    }

    private static long FailFast()
    {
        Environment.FailFast("the user's code has had enough");
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Descend(long depth) => depth < 0 ? 0 : Descend(depth + 1) + 1;

    private static long Hoard()
    {
        var hoard = new List<byte[]>();
        while (true)
        {
            hoard.Add(new byte[64 << 10]);
        }
    }

    private static long Loop(string directory)
    {
        File.WriteAllText(System.IO.Path.Combine(directory, "running"), "");
        for (var n = 0L; ; n++)
        {
            Volatile.Read(ref n);
        }
    }

    /// <summary>Three silos with little memory, of which tests end some.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal ChildCluster Cluster { get; private set; } = null!;

        internal ChildSilo[] Running => [.. Cluster.Silos.Where(silo => !silo.HasExited)];

        public async Task InitializeAsync()
        {
            if (TestKit.RedisServer.IsInstalled)
            {
                Cluster = await ChildCluster.StartAsync(SiloCount, "--memory", "256m");
            }
        }

        public async Task DisposeAsync()
        {
            if (Cluster is not null)
            {
                await Cluster.DisposeAsync();
            }
        }

        /// <summary>Starts silos in place of those that have ended.</summary>
        internal Task WholeAsync() => Task.WhenAll(Enumerable.Range(0, SiloCount - Running.Length).Select(_ => Cluster.AddSiloAsync()));

        /// <summary>What the silos have written that have ended.</summary>
        internal string LogsOfEnded() => string.Join(Environment.NewLine, Cluster.Silos.Where(silo => silo.HasExited).Select(silo => silo.Log));
    }
}
