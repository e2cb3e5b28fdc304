using System.Security.Cryptography;

namespace Dpark.Storage.Transfer;

/// <summary>
/// Shows both sides of a new connection that the other one knows the cluster's secret, without sending it: each side signs the random bytes of both with it.
/// </summary>
/// <remarks>
/// <para>Client: mark and 32 random bytes. Server: 32 random bytes. Client: its proof. Server: its own proof, or a refusal. The client proves first, so that
/// whoever can reach the port gets nothing to test guesses of the secret on. A proof holds for one role and one connection only.</para>
/// <para>The proof is for the connection, not for what is sent on it: who can change packets on their way needs to be kept out by the network.</para>
/// </remarks>
internal static class Handshake
{
    /// <summary>Mark and version, then the client's random bytes.</summary>
    public const int HelloLength = 4 + NonceLength;

    /// <summary>Random bytes of each side.</summary>
    public const int NonceLength = 32;

    /// <summary>Bytes of a proof.</summary>
    public const int ProofLength = HMACSHA256.HashSizeInBytes;

    /// <summary>What a hello starts with: <c>DBP</c> and the version, 4.</summary>
    public static ReadOnlySpan<byte> Mark => "DBP\u0004"u8;

    /// <summary>What a client proves with.</summary>
    public static byte[] ClientProof(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce) =>
        Prove(secret, "dpark block client"u8, clientNonce, serverNonce);

    /// <summary>What a server proves with.</summary>
    public static byte[] ServerProof(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce) =>
        Prove(secret, "dpark block server"u8, clientNonce, serverNonce);

    /// <summary>Whether a proof is right, in a time that does not tell where it is wrong.</summary>
    public static bool IsEqual(ReadOnlySpan<byte> proof, ReadOnlySpan<byte> expected) => CryptographicOperations.FixedTimeEquals(proof, expected);

    private static byte[] Prove(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> role, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce) =>
        HMACSHA256.HashData(secret, [.. role, .. Mark, .. clientNonce, .. serverNonce]);
}
