namespace Dpark.GrainProxies;

/// <summary>The code of a proxy. Equal if it is the same, so that it is compiled again only when the interface changes.</summary>
/// <param name="Name">Of its class.</param>
internal sealed record ProxySource(string Name, string Code);
