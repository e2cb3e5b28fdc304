using Dpark.Applications;
using Dpark.Configuration;

namespace Dpark.Driver;

/// <summary>What every part of a driver knows. Immutable.</summary>
/// <param name="IsLocal">All workers are in this process, so they have its code.</param>
internal sealed record DriverSettings(AppId Application, DparkClientOptions Options, bool IsLocal);
