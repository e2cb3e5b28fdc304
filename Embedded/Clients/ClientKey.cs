using System.Text;

namespace Orleans.Runtime;

/// <summary>Ids of clients and their observers: a client is <c>sys.client/key</c>, its observers are <c>sys.client/key+number</c>.</summary>
internal static class ClientKey
{
    public const char Separator = '+';

    private const string HostedPrefix = "hosted-";
    private static readonly byte[] HostedBytes = Encoding.UTF8.GetBytes(HostedPrefix);

    public static GrainId CreateClient() => GrainId.Create(GrainTypePrefix.ClientGrainType, Guid.NewGuid().ToString("N"));

    /// <summary>The client that is a silo's own code outside of grains.</summary>
    public static GrainId CreateHosted(SiloAddress silo) => GrainId.Create(GrainTypePrefix.ClientGrainType, HostedPrefix + silo.ToParsableString());

    /// <summary>Whether a client outside of the silos may have the key.</summary>
    public static bool IsOutside(string key) =>
        key.Length > 0 && !key.Contains(Separator, StringComparison.Ordinal) && !key.StartsWith(HostedPrefix, StringComparison.Ordinal);

    /// <summary>The client of an observer; a client's id as it is.</summary>
    public static GrainId ClientOf(GrainId id)
    {
        var key = id.Key.AsSpan();
        var separator = key.IndexOf((byte)Separator);
        return separator < 0 ? id : new GrainId(id.Type, new IdSpan(key[..separator].ToArray()));
    }

    /// <summary>The silo whose own code has the id; null if it is that of a client outside.</summary>
    public static SiloAddress? HostOf(GrainId id)
    {
        var key = ClientOf(id).Key.AsSpan();
        return key.StartsWith(HostedBytes) ? SiloAddress.FromUtf8String(key[HostedBytes.Length..]) : null;
    }
}
