using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>LZ4 from the system's library. The build for the other runtime has the same class over a package.</summary>
internal static unsafe class Lz4Native
{
    private static readonly string[] LibraryNames = ["liblz4.so.1", "liblz4.1.dylib", "liblz4.so", "liblz4.dylib", "liblz4.dll", "msys-lz4-1.dll"];

    private static readonly nint Library = Load();
    private static readonly delegate* unmanaged<byte*, byte*, int, int, int> Compress =
        (delegate* unmanaged<byte*, byte*, int, int, int>)Export("LZ4_compress_default");

    private static readonly delegate* unmanaged<byte*, byte*, int, int, byte*, int, int> Decompress =
        (delegate* unmanaged<byte*, byte*, int, int, byte*, int, int>)Export("LZ4_decompress_safe_usingDict");

    /// <summary>Whether the library is there.</summary>
    public static bool IsAvailable => Compress is not null && Decompress is not null;

    /// <summary>Compresses a block.</summary>
    /// <returns>Bytes written; 0 or less if <paramref name="target"/> is too short.</returns>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* from = source, to = target)
        {
            return Compress(from, to, source.Length, target.Length);
        }
    }

    /// <summary>Decompresses a block.</summary>
    /// <param name="dictionary">Up to 64 KiB that precede the block in the text; mostly empty.</param>
    /// <returns>Bytes written; negative if the block is damaged or longer than <paramref name="target"/>.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> target, ReadOnlySpan<byte> dictionary)
    {
        // An empty span has no address, and the library refuses null.
        byte none = 0;
        fixed (byte* from = source, to = target, before = dictionary)
        {
            return Decompress(from == null ? &none : from, to == null ? &none : to, source.Length, target.Length, before, dictionary.Length);
        }
    }

    private static nint Load()
    {
        foreach (var name in LibraryNames)
        {
            if (NativeLibrary.TryLoad(name, out var library))
            {
                return library;
            }
        }

        return 0;
    }

    private static nint Export(string name) => Library != 0 && NativeLibrary.TryGetExport(Library, name, out var address) ? address : 0;
}
