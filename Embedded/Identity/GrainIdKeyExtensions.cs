using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Orleans.Runtime;

/// <summary>Writes and reads keys that are numbers or GUIDs, with or without an extension after <c>+</c>.</summary>
public static class GrainIdKeyExtensions
{
    private const byte Separator = (byte)'+';
    private const int GuidLength = 32;

    /// <summary>The key of a number: upper-case hexadecimal digits without padding.</summary>
    public static IdSpan CreateIntegerKey(long key) => IdSpan.Create(key.ToString("X", CultureInfo.InvariantCulture));

    /// <summary>The key of a number and an extension, which may be null.</summary>
    public static IdSpan CreateIntegerKey(long key, string? keyExtension) =>
        keyExtension is null ? CreateIntegerKey(key) : IdSpan.Create(string.Create(CultureInfo.InvariantCulture, $"{key:X}+{keyExtension}"));

    /// <summary>The key of a GUID: 32 lower-case hexadecimal digits.</summary>
    public static IdSpan CreateGuidKey(Guid key) => IdSpan.Create(key.ToString("N"));

    /// <summary>The key of a GUID and an extension, which may be null.</summary>
    public static IdSpan CreateGuidKey(Guid key, string? keyExtension) =>
        keyExtension is null ? CreateGuidKey(key) : IdSpan.Create($"{key:N}+{keyExtension}");

    /// <summary>Reads a key that is a number.</summary>
    public static bool TryGetIntegerKey(this GrainId grainId, out long key, out string? keyExt)
    {
        var text = Split(grainId.Key.AsSpan(), out keyExt);
        if (Utf8Parser.TryParse(text, out key, out var length, 'X') && length == text.Length && length > 0)
        {
            return true;
        }

        key = 0;
        keyExt = null;
        return false;
    }

    /// <summary>Reads a key that is a number.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static long GetIntegerKey(this GrainId grainId, out string? keyExt)
    {
        if (!TryGetIntegerKey(grainId, out var key, out keyExt))
        {
            ThrowWrongKey("integer", grainId);
        }

        return key;
    }

    /// <summary>Reads a key that is a number.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static long GetIntegerKey(this GrainId grainId) => GetIntegerKey(grainId, out _);

    /// <summary>Reads a key that is a GUID.</summary>
    public static bool TryGetGuidKey(this GrainId grainId, out Guid key, out string? keyExt)
    {
        var text = Split(grainId.Key.AsSpan(), out keyExt);
        if (text.Length == GuidLength && Utf8Parser.TryParse(text, out key, out var length, 'N') && length == GuidLength)
        {
            return true;
        }

        key = default;
        keyExt = null;
        return false;
    }

    /// <summary>Reads a key that is a GUID.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static Guid GetGuidKey(this GrainId grainId, out string? keyExt)
    {
        if (!TryGetGuidKey(grainId, out var key, out keyExt))
        {
            ThrowWrongKey("Guid", grainId);
        }

        return key;
    }

    /// <summary>Reads a key that is a GUID.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static Guid GetGuidKey(this GrainId grainId) => GetGuidKey(grainId, out _);

    private static ReadOnlySpan<byte> Split(ReadOnlySpan<byte> key, out string? extension)
    {
        var separator = key.IndexOf(Separator);
        if (separator < 0)
        {
            extension = null;
            return key;
        }

        extension = Encoding.UTF8.GetString(key[(separator + 1)..]);
        return key[..separator];
    }

    [DoesNotReturn]
    private static void ThrowWrongKey(string kind, GrainId grain) =>
        throw new InvalidOperationException($"Unable to extract {kind} key from grain id {grain}. Its key is of another kind; read it as text.");
}
