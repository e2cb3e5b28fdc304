using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Dpark.Hosting;

/// <summary>The options of the silo program.</summary>
internal static class SiloCommandLine
{
    private const int MaxPort = 65_535;
    private const int MaxSlots = 4096;

    /// <summary>Reads the arguments. Nothing runs before the result is invoked.</summary>
    /// <param name="run">The program; gives its exit code.</param>
    public static ParseResult Parse(string[] arguments, Func<SiloSettings, Task<int>> run)
    {
        var localhost = new Option<bool>("--localhost")
        {
            Description = "The cluster is on this machine, and this silo is its first one. The only kind of cluster so far.",
        };
        var clusterId = new Option<string>("--cluster-id")
        {
            HelpName = "ID",
            DefaultValueFactory = _ => "dev",
            Description = "Which cluster the silo belongs to.",
        };
        var port = Number("--port", "Where other silos reach it.", MaxPort, 11_111);
        var gatewayPort = Number("--gateway-port", "Where clients reach it.", MaxPort, 30_000);
        var workDirectories = new Option<string?>("--work-dir")
        {
            HelpName = "DIR[,DIR...]",
            Description = "Where tasks keep their files, best one on each disk.",
        };
        var cores = new Option<int?>("--cores")
        {
            HelpName = "N",
            CustomParser = result => ParseNumber(result, MaxSlots),
            Description = "Tasks that run at once. Default: one per processor.",
        };
        clusterId.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string>()))
            {
                result.AddError("--cluster-id is empty. Give the cluster a name.");
            }
        });
        var command = new RootCommand(
            "Runs a silo with a worker of Dpark.Orleans. Further settings are read from appsettings.json and the environment, section Dpark.")
        {
            localhost, clusterId, port, gatewayPort, workDirectories, cores,
        };
        command.SetAction(result => run(new(
            result.GetValue(clusterId)!, result.GetValue(port), result.GetValue(gatewayPort), result.GetValue(workDirectories), result.GetValue(cores))));
        return command.Parse(arguments);
    }

    private static Option<int> Number(string name, string description, int most, int standard) => new(name)
    {
        HelpName = "N",
        DefaultValueFactory = _ => standard,
        CustomParser = result => ParseNumber(result, most),
        Description = description,
    };

    private static int ParseNumber(ArgumentResult result, int most)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= most)
        {
            return number;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name} is {text}. Give a whole number from 1 to {most}.");
        return 0;
    }
}
