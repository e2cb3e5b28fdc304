using System.Buffers.Binary;
using System.Text;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>What a greeting is.</summary>
internal enum GreetingKind : byte
{
    /// <summary>A silo has connected. Name: its address. Text: the address that it expects to find.</summary>
    Silo = 1,

    /// <summary>A client has connected. Name: its key. No text.</summary>
    Client = 2,

    /// <summary>It may send. Name: the silo's address. No text.</summary>
    Welcome = 3,

    /// <summary>It may not, and the connection is closed. Name: the silo's address. Text: why.</summary>
    Refusal = 4,
}

/// <summary>The first frame of each side of a connection: who it is.</summary>
/// <remarks>
/// Four bytes say what it is, one the version of the protocol, one the kind; these stay as they are in all versions, so that versions can refuse each other. Then come cluster id,
/// name and text, each as its length (2 bytes, little endian) and UTF-8.
/// </remarks>
internal sealed record Greeting(GreetingKind Kind, string ClusterId, string Name, string Text = "")
{
    /// <summary>The version that this process speaks. A change of the message header or of this handshake raises it.</summary>
    public const byte Version = 1;

    private const int FixedBytes = 6;
    private const int MostTextBytes = 1000;

    private static ReadOnlySpan<byte> Magic => "DPOR"u8;

    public byte[] ToFrame()
    {
        byte[][] texts = [Encode(ClusterId), Encode(Name), Encode(Text)];
        var frame = new byte[FixedBytes + texts.Sum(text => sizeof(ushort) + text.Length)];
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

        return frame;
    }

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
        return new Greeting((GreetingKind)frame[5], Decode(ref rest), Decode(ref rest), Decode(ref rest));
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
