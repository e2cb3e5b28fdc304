using System.Buffers.Binary;
using System.Numerics;

namespace Dpark.Codecs;

/// <summary>The 32-bit hash that LZ4 frames carry as checksum, over bytes that come in pieces. Seed 0.</summary>
internal struct XxHash32
{
    private const uint Prime1 = 2654435761;
    private const uint Prime2 = 2246822519;
    private const uint Prime3 = 3266489917;
    private const uint Prime4 = 668265263;
    private const uint Prime5 = 374761393;
    private const int StripeBytes = 16;

    private readonly byte[] _held = new byte[StripeBytes];
    private uint _lane1 = unchecked(Prime1 + Prime2);
    private uint _lane2 = Prime2;
    private uint _lane3;
    private uint _lane4 = unchecked(0u - Prime1);
    private int _heldCount;
    private uint _length;

    /// <summary>Starts with no bytes.</summary>
    public XxHash32()
    {
    }

    /// <summary>The hash of some bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new XxHash32();
        hash.Append(bytes);
        return hash.Current;
    }

    /// <summary>The hash of all bytes so far.</summary>
    public readonly uint Current
    {
        get
        {
            var hash = _length >= StripeBytes
                ? BitOperations.RotateLeft(_lane1, 1) + BitOperations.RotateLeft(_lane2, 7) +
                  BitOperations.RotateLeft(_lane3, 12) + BitOperations.RotateLeft(_lane4, 18)
                : Prime5;
            hash += _length;
            var rest = _held.AsSpan(0, _heldCount);
            for (; rest.Length >= sizeof(uint); rest = rest[sizeof(uint)..])
            {
                hash = BitOperations.RotateLeft(hash + (BinaryPrimitives.ReadUInt32LittleEndian(rest) * Prime3), 17) * Prime4;
            }

            foreach (var value in rest)
            {
                hash = BitOperations.RotateLeft(hash + (value * Prime5), 11) * Prime1;
            }

            hash = (hash ^ (hash >> 15)) * Prime2;
            hash = (hash ^ (hash >> 13)) * Prime3;
            return hash ^ (hash >> 16);
        }
    }

    /// <summary>Adds bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _length += (uint)bytes.Length;
        if (_heldCount > 0)
        {
            var count = Math.Min(StripeBytes - _heldCount, bytes.Length);
            bytes[..count].CopyTo(_held.AsSpan(_heldCount));
            _heldCount += count;
            bytes = bytes[count..];
            if (_heldCount < StripeBytes)
            {
                return;
            }

            AddStripe(_held);
        }

        for (; bytes.Length >= StripeBytes; bytes = bytes[StripeBytes..])
        {
            AddStripe(bytes);
        }

        bytes.CopyTo(_held);
        _heldCount = bytes.Length;
    }

    private void AddStripe(ReadOnlySpan<byte> stripe)
    {
        _lane1 = AddWord(_lane1, stripe);
        _lane2 = AddWord(_lane2, stripe[4..]);
        _lane3 = AddWord(_lane3, stripe[8..]);
        _lane4 = AddWord(_lane4, stripe[12..]);
    }

    private static uint AddWord(uint lane, ReadOnlySpan<byte> word) =>
        BitOperations.RotateLeft(lane + (BinaryPrimitives.ReadUInt32LittleEndian(word) * Prime2), 13) * Prime1;
}
