using System.Reflection;

namespace Dpark.Configuration;

/// <summary>Defaults and bounds of the options of scheduler, executor and work directories.</summary>
public sealed class TaskOptionsTests
{
    [Fact]
    public void SchedulerOptions_Defaults_ArePinned()
    {
        var expected = new SchedulerOptions
        {
            MaxTaskFailures = 4,
            MaxConsecutiveStageAttempts = 4,
            MaxWorkerLosses = 3,
            SpareLastWorker = true,
            MaxProgramRestores = 3,
            MaxLaunchFailures = 20,
            LaunchBackoff = TimeSpan.FromMilliseconds(100),
            MaxLaunchBackoff = TimeSpan.FromSeconds(10),
            RetryElsewhereWait = TimeSpan.FromSeconds(3),
            PrefetchPerSlot = 64,
            PrefetchTime = TimeSpan.FromMilliseconds(50),
            WaitingReportAfter = TimeSpan.FromSeconds(15),
            WaitingLimit = TimeSpan.FromMinutes(10),
            ProgressInterval = TimeSpan.FromMilliseconds(100),
            Mode = SchedulingMode.Fifo,
            LocalityWait = TimeSpan.FromSeconds(3),
            LocalityWaitWorker = null,
            LocalityWaitHost = null,
            Speculation = false,
            SpeculationInterval = TimeSpan.FromMilliseconds(100),
            SpeculationQuantile = 0.9,
            SpeculationMultiplier = 3,
            SpeculationMinRunTime = TimeSpan.FromMilliseconds(100),
            ExcludeOnFailure = true,
            MaxStageFailuresPerWorker = 2,
            MaxFailuresPerWorker = 2,
            ExcludeTime = TimeSpan.FromMinutes(10),
        };

        Assert.Equivalent(expected, new SchedulerOptions());
        Assert.Empty(new SchedulerOptions().Pools);
        Assert.Equal(28, CountProperties<SchedulerOptions>());
        Assert.True(new SchedulerOptionsValidator().Validate(null, new()).Succeeded);
    }

    [Fact]
    public void ExecutorOptions_Defaults_ArePinned()
    {
        var expected = new ExecutorOptions
        {
            SlotCount = Environment.ProcessorCount,
            StackBytes = 16_777_216,
            MaxInlineResultBytes = 65_536,
            RememberedAttempts = 65_536,
            CancelLimit = TimeSpan.FromMilliseconds(500),
            SpareSlotCount = Environment.ProcessorCount,
            CompilerNice = 5,
            StopLimit = TimeSpan.FromSeconds(5),
        };

        Assert.Equivalent(expected, new ExecutorOptions());
        Assert.Equal(8, CountProperties<ExecutorOptions>());
        Assert.True(new ExecutorOptionsValidator().Validate(null, new()).Succeeded);
    }

    [Fact]
    public void WorkDirectoryOptions_Defaults_ArePinned()
    {
        var options = new WorkDirectoryOptions();

        Assert.Empty(options.Roots);
        Assert.Equal((false, 0, 20, true), (options.RequireAllRoots, options.MaxBytesPerRoot, options.MaxCleanUpAttempts, options.DeleteLeftovers));
        Assert.Equal(TimeSpan.FromDays(7), options.LeftoverAge);
        Assert.Equal(6, CountProperties<WorkDirectoryOptions>());
        Assert.True(new WorkDirectoryOptionsValidator().Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_SchedulerOptionsAllWrong_NamesEachWithValueAndBound()
    {
        var options = new SchedulerOptions
        {
            MaxTaskFailures = 0,
            MaxConsecutiveStageAttempts = 1001,
            MaxWorkerLosses = 0,
            MaxProgramRestores = -1,
            MaxLaunchFailures = 0,
            LaunchBackoff = TimeSpan.Zero,
            MaxLaunchBackoff = TimeSpan.FromSeconds(-1),
            RetryElsewhereWait = TimeSpan.FromSeconds(-1),
            PrefetchPerSlot = -1,
            PrefetchTime = TimeSpan.FromMinutes(2),
            WaitingReportAfter = TimeSpan.Zero,
            WaitingLimit = TimeSpan.FromDays(2),
            ProgressInterval = TimeSpan.FromHours(1),
            LocalityWait = TimeSpan.FromHours(2),
            LocalityWaitWorker = TimeSpan.FromSeconds(-1),
            LocalityWaitHost = TimeSpan.FromSeconds(-1),
            SpeculationInterval = TimeSpan.Zero,
            SpeculationQuantile = 1.1,
            SpeculationMultiplier = 0.5,
            SpeculationMinRunTime = TimeSpan.FromSeconds(-1),
            MaxStageFailuresPerWorker = 0,
            MaxFailuresPerWorker = 0,
            ExcludeTime = TimeSpan.Zero,
            Pools = { new() { Name = "", Weight = 0, MinShare = -1 } },
        };

        var failures = new SchedulerOptionsValidator().Validate(null, options).Failures!.ToArray();

        Assert.Equal(26, failures.Length);
        Assert.Equal("Dpark:Scheduler:MaxTaskFailures is 0. Set from 1 to 1000: a job must fail some time.", failures[0]);
        Assert.Contains("Dpark:Scheduler:PrefetchTime is 00:02:00. Set from 00:00:00 to 00:01:00: tasks that wait on one worker cannot run on another.", failures);
    }

    [Fact]
    public void Validate_LongestBackoffBelowTheFirst_IsRefused()
    {
        var options = new SchedulerOptions { LaunchBackoff = TimeSpan.FromSeconds(2), MaxLaunchBackoff = TimeSpan.FromSeconds(1) };

        var failure = Assert.Single(new SchedulerOptionsValidator().Validate(null, options).Failures!);

        Assert.StartsWith("Dpark:Scheduler:MaxLaunchBackoff is 00:00:01. Set from 00:00:02 to 01:00:00", failure, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_ExecutorOptionsAllWrong_NamesEach()
    {
        var options = new ExecutorOptions
        {
            SlotCount = 0,
            StackBytes = 1024,
            MaxInlineResultBytes = 1 << 20,
            RememberedAttempts = 0,
            CancelLimit = TimeSpan.FromDays(1),
            SpareSlotCount = -1,
            CompilerNice = 20,
            StopLimit = TimeSpan.FromDays(1),
        };

        var failures = new ExecutorOptionsValidator().Validate(null, options).Failures!.ToArray();

        Assert.Equal(8, failures.Length);
        Assert.Equal("Dpark:Executor:SlotCount is 0. Set from 1 to 4096: each slot is a thread.", failures[0]);
    }

    [Fact]
    public void Validate_WorkDirectoryOptionsAllWrong_NamesEach()
    {
        var options = new WorkDirectoryOptions { Roots = { Path.GetTempPath(), "relative, other" }, MaxBytesPerRoot = -1, MaxCleanUpAttempts = 0, LeftoverAge = TimeSpan.FromHours(23) };

        var failures = new WorkDirectoryOptionsValidator().Validate(null, options).Failures!.ToArray();

        Assert.Equal(5, failures.Length);
        Assert.Equal(
            "Dpark:WorkDirectory:LeftoverAge is 23:00:00. Set 0, or at least 1.00:00:00: a process that is held up for a while must not lose its files.", failures[2]);
        Assert.Equal(
            "Dpark:WorkDirectory:Roots:1 is 'relative'. Set an absolute path: processes of one run may have different current directories.", failures[0]);
    }

    [Fact]
    public void Validate_BoundsThemselves_AreAllowed()
    {
        var least = new ExecutorOptions
        {
            SlotCount = 1,
            StackBytes = 1 << 20,
            MaxInlineResultBytes = 0,
            RememberedAttempts = 1024,
            CancelLimit = TimeSpan.Zero,
            CompilerNice = 0,
            StopLimit = TimeSpan.Zero,
        };
        var most = new ExecutorOptions
        {
            SlotCount = 4096,
            StackBytes = 1 << 30,
            MaxInlineResultBytes = 512 << 10,
            RememberedAttempts = 16 << 20,
            CancelLimit = TimeSpan.FromHours(1),
            CompilerNice = 19,
            StopLimit = TimeSpan.FromMinutes(10),
        };

        Assert.True(new ExecutorOptionsValidator().Validate(null, least).Succeeded);
        Assert.True(new ExecutorOptionsValidator().Validate(null, most).Succeeded);
    }

    private static int CountProperties<T>() => typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length;
}
