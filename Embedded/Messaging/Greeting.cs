using System.Buffers.Binary;
using System.Text;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>What a greeting is.</summary>
internal enum GreetingKind : byte
{
    /// <summary>A silo has connected. Name: its address. Text: the address that it expects to find. Numbers: see <see cref="SiloLink"/>.</summary>
    Silo = 1,

    /// <summary>A client has connected. Name: its key. No text.</summary>
    Client = 2,

    /// <summary>It may send, and messages come back over this connection. Name: the silo's address. No text.</summary>
    Welcome = 3,

    /// <summary>It may not, and the connection is closed. Name: the silo's address. Text: why.</summary>
    Refusal = 4,

    /// <summary>A silo's connection is not needed, since the other way round there is one or is about to be one, and is closed. Name: the silo's address. No text.</summary>
    Yield = 5,

    /// <summary>A silo may send, and gets messages over another connection, for it has not proven who it is. Name: the silo's address. No text.</summary>
    WelcomeOneWay = 6,
}

/// <summary>The first frame of each side of a connection: who it is.</summary>
/// <remarks>
/// Four bytes say what it is, one the version of the protocol, one the kind; these stay as they are in all versions, so that versions can refuse each other. Then come cluster id,
/// name and text, each as its length (2 bytes, little endian) and UTF-8; then link (4 bytes), attempt and lost (8 bytes each), little endian.
/// </remarks>
/// <param name="Link">Which of the links between two silos it is for, from 0. Below <see cref="MostLinks"/>.</param>
/// <param name="Attempt">Which of this silo's attempts to connect that link it is, from 1.</param>
/// <param name="Lost">Up to which attempt of the other silo its connections are lost. 0: none was made.</param>
internal sealed record Greeting(GreetingKind Kind, string ClusterId, string Name, string Text = "", int Link = 0, long Attempt = 0, long Lost = 0)
{
    /// <summary>The version that this process speaks. A change of the message header or of this handshake raises it.</summary>
    public const byte Version = 2;

    /// <summary>More links than this are not made between two silos.</summary>
    public const int MostLinks = 1024;

    private const int FixedBytes = 6;
    private const int NumberBytes = sizeof(int) + sizeof(long) + sizeof(long);
    private const int MostTextBytes = 1000;

    private static ReadOnlySpan<byte> Magic => "DPOR"u8;

    public byte[] ToFrame()
    {
        byte[][] texts = [Encode(ClusterId), Encode(Name), Encode(Text)];
        var frame = new byte[FixedBytes + texts.Sum(text => sizeof(ushort) + text.Length) + NumberBytes];
        Magic.CopyTo(frame);
        frame[4] = Version;
        frame[5] = (byte)Kind;
        var position = FixedBytes;
        foreach (var text in texts)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(position), (ushort)text.Length);
            text.CopyTo(frame, position + sizeof(ushort));
            position += sizeof(ushort) + text.Length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(position), Link);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(position + sizeof(int)), Attempt);
        BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(position + sizeof(int) + sizeof(long)), Lost);
        return frame;
    }

    /// <summary>Whether a frame is a greeting, as no message is.</summary>
    public static bool IsGreeting(ReadOnlySpan<byte> frame) => frame.StartsWith(Magic);

    /// <exception cref="InvalidMessageFrameException">It is no greeting, or one of another version.</exception>
    public static Greeting Parse(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < FixedBytes || !frame.StartsWith(Magic))
        {
            throw new InvalidMessageFrameException($"The first frame, of {frame.Length} bytes, is no greeting. The peer speaks another protocol.");
        }

        if (frame[4] != Version)
        {
            throw new InvalidMessageFrameException($"The peer speaks protocol version {frame[4]}, and this process version {Version}. Deploy the same version everywhere.");
        }

        var rest = frame[FixedBytes..];
        var (cluster, name, text) = (Decode(ref rest), Decode(ref rest), Decode(ref rest));
        if (rest.Length < NumberBytes)
        {
            throw new InvalidMessageFrameException($"A greeting ends {NumberBytes - rest.Length} bytes too early. The connection damages data.");
        }

        return new Greeting(
            (GreetingKind)frame[5],
            cluster,
            name,
            text,
            BinaryPrimitives.ReadInt32LittleEndian(rest),
            BinaryPrimitives.ReadInt64LittleEndian(rest[sizeof(int)..]),
            BinaryPrimitives.ReadInt64LittleEndian(rest[(sizeof(int) + sizeof(long))..]));
    }

    private static byte[] Encode(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length <= MostTextBytes ? bytes : bytes[..MostTextBytes];
    }

    private static string Decode(ref ReadOnlySpan<byte> rest)
    {
        var bytes = rest.Length < sizeof(ushort) ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (bytes > rest.Length - sizeof(ushort))
        {
            throw new InvalidMessageFrameException("A greeting ends in the midst of a text. The connection damages data.");
        }

        var text = Encoding.UTF8.GetString(rest.Slice(sizeof(ushort), bytes));
        rest = rest[(sizeof(ushort) + bytes)..];
        return text;
    }
}
