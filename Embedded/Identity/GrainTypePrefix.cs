using System.Text;

namespace Orleans.Runtime;

/// <summary>How types of grains begin that are not application grains.</summary>
public static class GrainTypePrefix
{
    /// <summary>Everything that is not an application grain.</summary>
    public const string SystemPrefix = "sys.";

    /// <summary>Services of one silo.</summary>
    public const string SystemTargetPrefix = SystemPrefix + "svc.";

    /// <summary>Grain services.</summary>
    public const string GrainServicePrefix = SystemTargetPrefix + "user.";

    /// <summary>Clients and their observers.</summary>
    public const string ClientPrefix = SystemPrefix + "client";

    /// <summary>The type of clients and their observers.</summary>
    public static readonly GrainType ClientGrainType = GrainType.Create(ClientPrefix);

    private static readonly byte[] GrainServiceBytes = Encoding.UTF8.GetBytes(GrainServicePrefix);
    private static readonly byte[] SystemTargetBytes = Encoding.UTF8.GetBytes(SystemTargetPrefix);

    /// <summary>Whether the type is that of clients.</summary>
    public static bool IsClient(this in GrainType type) => type == ClientGrainType;

    /// <summary>Whether the id is that of a client or of one of its observers.</summary>
    public static bool IsClient(this in GrainId id) => id.Type == ClientGrainType;

    /// <summary>Whether the type is that of a service of a silo.</summary>
    public static bool IsSystemTarget(this in GrainType type) => type.AsSpan().StartsWith(SystemTargetBytes);

    /// <summary>Whether the id is that of a service of a silo.</summary>
    public static bool IsSystemTarget(this in GrainId id) => id.Type.AsSpan().StartsWith(SystemTargetBytes);

    /// <summary>Whether the type is that of a grain service.</summary>
    public static bool IsGrainService(this in GrainType type) => type.AsSpan().StartsWith(GrainServiceBytes);
}
