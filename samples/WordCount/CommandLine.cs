using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace WordCount;

/// <summary>The options of the program.</summary>
internal static class CommandLine
{
    private const int MostPartitions = 100_000;

    /// <summary>Reads the arguments. Nothing runs before the result is invoked.</summary>
    /// <param name="run">The program; gives its exit code.</param>
    public static ParseResult Parse(string[] arguments, Func<WordCountOptions, CancellationToken, Task<int>> run)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description =
                "A file, a directory (with all below it, except hidden entries), or a pattern such as 'books/**/*.txt'. A path that begins with - is " +
                "written as ./-name. None: the Markdown files of this repository.",
        };
        var top = new Option<int>("--top")
        {
            HelpName = "N",
            DefaultValueFactory = _ => 20,
            CustomParser = result => ParseNumber(result, int.MaxValue),
            Description = "How many of the most frequent words to print; at least 1.",
        };
        var output = new Option<string?>("--output")
        {
            HelpName = "DIR",
            Description = "Write all counts there, in part-00000 and so on. The directory must be empty or not there yet.",
        };
        var partitions = new Option<int?>("--partitions")
        {
            HelpName = "N",
            CustomParser = result => ParseNumber(result, MostPartitions),
            Description = $"Partitions of the counts, and files in DIR; from 1 to {MostPartitions}. Default: as many as tasks can run at once.",
        };
        paths.Validators.Add(RefuseOptions);
        output.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValueOrDefault<string?>()))
            {
                result.AddError("--output is empty. Name a directory that is empty or not there yet.");
            }
        });

        var cluster = new ClusterCommandLine();
        var command = new RootCommand("Counts the words of text files and prints the most frequent ones.") { paths, top, output, partitions };
        cluster.AddTo(command);
        command.SetAction((result, cancellationToken) => run(
            new WordCountOptions(result.GetValue(paths) ?? [], result.GetValue(top), result.GetValue(output), result.GetValue(partitions), cluster.Read(result)), cancellationToken));
        return command.Parse(arguments);
    }

    /// <summary>Reads a whole number from 1 on, or says what is right.</summary>
    public static int ParseNumber(ArgumentResult result, int greatest)
    {
        var text = result.Tokens[0].Value;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= greatest)
        {
            return number;
        }

        result.AddError($"{((OptionResult)result.Parent!).Option.Name} is {text}. Give a whole number from 1 to {greatest}.");
        return 0;
    }

    // The parser takes an option that it does not know as a path.
    private static void RefuseOptions(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith('-')) is { } unknown)
        {
            result.AddError($"There is no option '{unknown.Value}'. See --help; a path that begins with - is written as ./{unknown.Value}.");
        }
    }
}
