using System.Globalization;
using Dpark.Benchmarks.Calls;

// What calls, fresh activations and the start of a silo cost. Usage: Calls [COUNT] [tcp|memory] [client] [silos] [start]
if (args is [SiloStart.Role, .. var ports])
{
    await SiloStart.RunAsync(ports);
    return;
}

var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var isTcp = args is [_, "tcp", ..];
var parts = args.Skip(2).ToHashSet();
Measure.PrintHead();
if (IsWanted("client"))
{
    await SocketFloor.PrintAsync(count);
    await CallCosts.PrintClientAsync(count, isTcp);
}

if (IsWanted("silos"))
{
    await CallCosts.PrintSilosAsync(count, isTcp);
}

if (IsWanted("start"))
{
    await SiloStart.PrintAsync(rounds: 9);
}

bool IsWanted(string part) => parts.Count == 0 || parts.Contains(part);
