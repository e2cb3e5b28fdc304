namespace Dpark.Hosting;

public sealed class SiloProgramTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _root = Directory.CreateTempSubdirectory("dpark-test-").FullName;
    private readonly StringWriter _error = new();

    [Fact]
    public async Task Parse_AllOptions_FillsTheSettings()
    {
        SiloSettings? seen = null;
        var command = SiloCommandLine.Parse(
            ["--localhost", "--cluster-id", "c", "--port", "1", "--gateway-port", "65535", "--work-dir", "/a,/b", "--cores", "3"],
            settings =>
            {
                seen = settings;
                return Task.FromResult(7);
            });

        var code = await command.InvokeAsync();

        Assert.Equal(7, code);
        Assert.Equal(new SiloSettings("c", 1, 65_535, "/a,/b", 3), seen);
    }

    [Theory]
    [InlineData("--port is 0. Give a whole number from 1 to 65535.", "--port", "0")]
    [InlineData("--gateway-port is 70000. Give a whole number from 1 to 65535.", "--gateway-port", "70000")]
    [InlineData("--cores is many. Give a whole number from 1 to 4096.", "--cores", "many")]
    [InlineData("--cluster-id is empty. Give the cluster a name.", "--cluster-id", " ")]
    public void Parse_WrongValue_SaysWhatIsRight(string expected, params string[] arguments)
    {
        var command = SiloCommandLine.Parse(arguments, _ => Task.FromResult(0));

        Assert.Equal(expected, command.Errors[0].Message);
    }

    [Fact]
    public void Parse_UnknownOption_IsAnError() => Assert.NotEmpty(SiloCommandLine.Parse(["--what"], _ => Task.FromResult(0)).Errors);

    [Fact]
    public async Task Run_RootIsNotAbsolute_NamesItAndGivesTwo()
    {
        var code = await SiloProgram.RunAsync(new("c", 11_111, 30_000, "relative", null), _error, CancellationToken.None).WaitAsync(Limit);

        Assert.Equal(SiloProgram.WrongInput, code);
        Assert.Equal(
            "Dpark:WorkDirectory:Roots:0 is 'relative'. Set an absolute path: processes of one run may have different current directories.",
            _error.ToString().TrimEnd());
    }

    [Fact]
    public async Task Run_TokenFires_StopsAndLeavesNothing()
    {
        using var stop = new CancellationTokenSource();
        string[] directories = [];

        var code = await SiloProgram.RunAsync(new($"c-{Guid.NewGuid():N}", 11_111, 30_000, _root, 2), _error, stop.Token, onStarted: () =>
        {
            directories = Directory.GetDirectories(_root);
            stop.Cancel();
        }).WaitAsync(Limit);

        Assert.Equal(0, code);
        Assert.Single(directories);
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    public void Dispose()
    {
        _error.Dispose();
        Directory.Delete(_root, recursive: true);
    }
}
