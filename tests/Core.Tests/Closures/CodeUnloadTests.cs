using System.Runtime.CompilerServices;
using Dpark.Applications;

namespace Dpark.Closures;

/// <summary>Measures the memory of the process, so nothing else may run.</summary>
[CollectionDefinition("Memory", DisableParallelization = true)]
public sealed class MemoryTestGroup;

[Collection("Memory")]
public sealed class CodeUnloadTests
{
    [Fact]
    public void Dispose_ApplicationsOneAfterTheOther_UnloadsAll()
    {
        // Xunit keeps a list of all loaded assemblies from the first comparison of this kind; it must not be one of these.
        Assert.Equivalent(new { A = 1 }, new { A = 1 });
        const int Count = 1_000;
        var (library, job) = CodeTests.Build("one");
        using var driver = new DriverSide(library, job);
        var closure = driver.Serializer.Serialize(driver.Call("Job", "Make"), null);
        var references = new List<WeakReference>();
        long early = 0;
        for (var i = 0; i < Count; i++)
        {
            references.Add(RunApplication(driver, closure, i));
            if (i == Count / 2)
            {
                early = Collect();
            }
        }

        var late = Collect();

        Assert.Empty(references.Index().Where(pair => pair.Item.IsAlive).Select(pair => pair.Index));
        Assert.InRange(late - early, long.MinValue, 2 << 20);
    }

    [Fact]
    public void Dispose_DriverSideOfANotebook_UnloadsToo()
    {
        Assert.Equivalent(new { A = 1 }, new { A = 1 });
        var serializer = new ClosureSerializer();
        var reference = RunDriver(serializer);

        Collect();

        Assert.False(reference.IsAlive);
        GC.KeepAlive(serializer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference RunApplication(DriverSide driver, SerializedClosure closure, int number)
    {
        using var code = new CodeResolver(new AppId($"app-{number}"), driver.Serializer.Catalog.Read);
        var prepared = PreparedClosure.Prepare(closure.Bytes, code);
        var copy = (Func<string, string>)prepared.Instantiate(null, CancellationToken.None);
        Assert.Equal("one x!1", copy("x"));
        var worker = new ClosureSerializer();
        worker.Check(copy, default);
        worker.Serialize(copy, null);
        Assert.True(worker.TrySerialize(new InvalidOperationException("x", Record.Exception(() => copy(null!))), out _));
        return new WeakReference(copy.Method.Module.Assembly);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference RunDriver(ClosureSerializer serializer)
    {
        var (library, job) = CodeTests.Build("one");
        using var driver = new DriverSide(library, job);
        var make = (Delegate)driver.Call("Job", "Make");
        serializer.Check(make, default);
        serializer.Serialize(make, null);
        return new WeakReference(make.Method.Module.Assembly);
    }

    private static long Collect()
    {
        for (var i = 0; i < 10; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
