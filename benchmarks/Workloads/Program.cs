using Dpark.Workloads;

// Measures workloads on the engine and on plain C#, alternately in one process, so that what else the machine does hits both.
return args switch
{
    [FirstResultWorkload.ChildArgument, var side] => await FirstResultWorkload.RunChildAsync(side),
    [SiloProcess.ChildArgument, .. var siloArguments] => await SiloProcess.RunChildAsync(siloArguments),
    _ => await WorkloadCommand.RunAsync(args),
};
