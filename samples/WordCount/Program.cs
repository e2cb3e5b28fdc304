using System.CommandLine;
using Dpark.Clusters;
using Dpark.Scheduling;
using Microsoft.Extensions.Options;
using WordCount;

// Counts words in text files, on a cluster or with an engine that runs in this process: CommandLine has the options, WordCountJob the job.
const int failed = 1;
const int wrongInput = 2;
const int cancelled = 130;

var command = CommandLine.Parse(args, RunAsync);
if (command.Errors.Count > 0)
{
    return Complain(command.Errors[0].Message, wrongInput);
}

// Ctrl-C cancels the job, which then deletes its files; the limit is much more than that takes.
return await command.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });

static async Task<int> RunAsync(WordCountOptions options, CancellationToken cancellationToken)
{
    try
    {
        await WordCountJob.RunAsync(options, cancellationToken);
        return 0;
    }
    catch (WrongInputException e)
    {
        return Complain(e.Message, wrongInput);
    }
    catch (OperationCanceledException)
    {
        return Complain("Cancelled.", cancelled);
    }
    catch (OptionsValidationException e)
    {
        return Complain(string.Join(' ', e.Failures), wrongInput);
    }
    catch (Exception e) when (e is JobFailedException or ClusterUnreachableException or IOException or UnauthorizedAccessException)
    {
        return Complain(e.Message, failed);
    }
}

static int Complain(string message, int exitCode)
{
    Console.Error.WriteLine(message.ReplaceLineEndings(" "));
    return exitCode;
}
