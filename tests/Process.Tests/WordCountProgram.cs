using System.Diagnostics;
using Dpark.Tests.Process.Clusters;

namespace Dpark.Tests.Process;

/// <summary>The sample as a child process, as a user starts it. Ended with the test if it still runs.</summary>
internal sealed class WordCountProgram : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;
    private readonly string _arguments;

    private WordCountProgram(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _arguments = string.Join(' ', start.ArgumentList);
        _process = System.Diagnostics.Process.Start(start)!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Where the build left the sample.</summary>
    public static string AssemblyPath => Path.Combine(AppContext.BaseDirectory, "WordCount.dll");

    /// <summary>The <c>dotnet</c> that runs the tests.</summary>
    public static string Host => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>Starts it.</summary>
    /// <param name="directory">Its current directory; its work directories are there too, in <c>work</c>.</param>
    public static WordCountProgram Start(TestDirectory directory, params string[] arguments) => StartAs(directory, [], arguments);

    /// <summary>Starts it through another command, which has the program's words behind its own.</summary>
    public static WordCountProgram StartAs(TestDirectory directory, string[] prefix, string[] arguments) =>
        StartCommand(directory, [.. prefix, Host, AssemblyPath, .. arguments]);

    /// <summary>Starts a command that starts it.</summary>
    public static WordCountProgram StartCommand(TestDirectory directory, params string[] words)
    {
        var start = new ProcessStartInfo(words[0]) { WorkingDirectory = directory.Path, Environment = { ["DPARK_WORK_DIR"] = directory.WorkPath } };
        foreach (var word in words[1..])
        {
            start.ArgumentList.Add(word);
        }

        return new WordCountProgram(start);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<ProgramResult> RunAsync(TestDirectory directory, params string[] arguments)
    {
        using var program = Start(directory, arguments);
        return await program.WaitAsync();
    }

    /// <summary>Does what Ctrl-C does.</summary>
    public void SendInterrupt() => Signals.Send(_process.Id, Signal.Interrupt);

    /// <summary>Waits for its end.</summary>
    public async Task<ProgramResult> WaitAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return new ProgramResult(_process.ExitCode, await _output, await _errors);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{_arguments}' did not end within {Limit}. Standard error so far: {await _errors}");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}

/// <summary>What a program left.</summary>
internal sealed record ProgramResult(int ExitCode, string Output, string Errors)
{
    /// <summary>Lines of standard output.</summary>
    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Lines of standard error.</summary>
    public string[] ErrorLines => Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
