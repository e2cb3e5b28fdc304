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
        options.BlockStore.MaxMemoryBytes = -1;
        options.BlockServer.Port = 70_000;
        options.BlockClient.MaxAttempts = 0;
        options.WorkDirectory.Roots.Add("relative");
        options.Security.ClusterSecret = "short";
        options.Registration.Interval = TimeSpan.Zero;

        var failures = _validator.Validate(null, options).Failures!.ToArray();

        string[] areas = ["Executor", "Shuffle", "Cache", "BlockStore", "BlockServer", "BlockClient", "WorkDirectory", "Security", "Registration"];
        Assert.Equal(areas, failures.Select(failure => failure.Split(':')[1]));
    }

    [Fact]
    public void Validate_EveryAreaHasAValidator()
    {
        var areas = typeof(DparkWorkerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Count(property => property.PropertyType.IsClass);

        Assert.Equal(9, areas);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("worker-1.example.com")]
    [InlineData("::")]
    public void Validate_ReachableFromOutsideWithoutSecret_IsRefused(string host)
    {
        var options = new DparkWorkerOptions();
        options.BlockServer.ListenHost = host;
        options.BlockServer.AdvertisedHost = "worker-1.example.com";

        var failure = Assert.Single(_validator.Validate(null, options).Failures!);

        Assert.Equal(
            $"Dpark:Security:ClusterSecret is empty. Set a secret, or AllowInsecure: the block server listens on {host}, where other machines can reach it.", failure);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("LOCALHOST")]
    public void Validate_LoopbackWithoutSecret_Succeeds(string host)
    {
        var options = new DparkWorkerOptions();
        options.BlockServer.ListenHost = host;

        Assert.True(_validator.Validate(null, options).Succeeded);
    }

    [Fact]
    public void Validate_ReachableFromOutsideWithSecretOrAllowed_Succeeds()
    {
        var secret = new DparkWorkerOptions();
        secret.BlockServer.ListenHost = "0.0.0.0";
        secret.BlockServer.AdvertisedHost = "worker-1.example.com";
        secret.Security.ClusterSecret = new('x', 32);
        var allowed = new DparkWorkerOptions();
        allowed.BlockServer.ListenHost = "0.0.0.0";
        allowed.BlockServer.AdvertisedHost = "worker-1.example.com";
        allowed.Security.AllowInsecure = true;

        Assert.True(_validator.Validate(null, secret).Succeeded);
        Assert.True(_validator.Validate(null, allowed).Succeeded);
    }
}
