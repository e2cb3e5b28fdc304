namespace Dpark.Hosting;

/// <summary>What the command line of the silo program says. Whatever is not set there comes from the configuration.</summary>
/// <param name="ClusterId">Which cluster the silo belongs to.</param>
/// <param name="Port">Where other silos reach it. From 1 to 65535.</param>
/// <param name="GatewayPort">Where clients reach it. From 1 to 65535.</param>
/// <param name="WorkDirectories">Roots of work directories, absolute, separated by commas; <see langword="null"/> if not set.</param>
/// <param name="SlotCount">Tasks at once; <see langword="null"/> if not set.</param>
internal sealed record SiloSettings(string ClusterId, int Port, int GatewayPort, string? WorkDirectories, int? SlotCount);
