using System.Reflection;

namespace Dpark.Hosting;

public sealed class DparkWorkerOptionsTests
{
    private readonly DparkWorkerOptionsValidator _validator = new();

    [Fact]
    public void Validate_Defaults_Succeed()
    {
        Assert.True(_validator.Validate(null, new()).Succeeded);
        Assert.False(new DparkWorkerOptions().IsLocal);
    }

    [Fact]
    public void Validate_EveryAreaWrong_ReportsAllAtOnce()
    {
        var options = new DparkWorkerOptions();
        options.Executor.SlotCount = 0;
        options.Shuffle.FrameBytes = 0;
        options.Cache.MaxBytes = -1;
        options.Memory.BudgetBytes = -1;
        options.BlockStore.MaxMemoryBytes = -1;
        options.BlockServer.Port = 70_000;
        options.BlockClient.MaxAttempts = 0;
        options.WorkDirectory.Roots.Add("relative");
        options.Security.ClusterSecret = "short";
        options.Registration.Interval = TimeSpan.Zero;

        var failures = _validator.Validate(null, options).Failures!.ToArray();

        string[] areas = ["Executor", "Shuffle", "Memory", "Cache", "BlockStore", "BlockServer", "BlockClient", "WorkDirectory", "Security", "Registration"];
        Assert.Equal(areas, failures.Select(failure => failure.Split(':')[1]));
    }

    [Fact]
    public void Validate_EveryAreaHasAValidator()
    {
        var areas = typeof(DparkWorkerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Count(property => property.PropertyType.IsClass);

        Assert.Equal(10, areas);
    }
}
