using System.Globalization;
using Dpark.Benchmarks.Calls;

// What calls, fresh activations and the start of a silo cost. Usage: Calls [COUNT] [tcp]
if (args is [SiloStart.Role, .. var ports])
{
    await SiloStart.RunAsync(ports);
    return;
}

var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var isTcp = args is [_, "tcp"];
Measure.PrintHead();
await CallCosts.PrintClientAsync(count, isTcp);
await CallCosts.PrintSilosAsync(count, isTcp);
await SiloStart.PrintAsync(rounds: 9);
