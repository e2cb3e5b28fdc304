using System.CommandLine;
using Dpark.Hosting;

var command = SiloCommandLine.Parse(args, settings =>
{
    // Before anything asks how much memory there is.
    ProcessMemory.Limit(settings.MemoryBytes);
    ProcessMemory.PreferToEnd(settings.IsStandIn);
    return SiloProgram.RunAsync(settings, Console.Out, Console.Error, CancellationToken.None);
});
if (command.Errors.Count > 0)
{
    return await SiloProgram.ComplainAsync(Console.Error, command.Errors.Select(error => error.Message));
}

// The host itself listens for SIGTERM and Ctrl-C.
return await command.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
