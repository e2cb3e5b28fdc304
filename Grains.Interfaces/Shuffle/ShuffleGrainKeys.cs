using Dpark.Applications;

namespace Dpark.Shuffle;

/// <summary>Keys of shuffle grains.</summary>
public static class ShuffleGrainKeys
{
    private const string Prefix = "/shuffle-";

    /// <summary>The key of a shuffle, such as <c>app-1/shuffle-7</c>.</summary>
    public static string KeyOf(ShuffleId shuffle) => $"{shuffle.Application.Value}/{shuffle}";

    /// <summary>The shuffle of a key.</summary>
    /// <exception cref="FormatException">It is not one that <see cref="KeyOf"/> made.</exception>
    public static ShuffleId Parse(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var end = key.LastIndexOf(Prefix, StringComparison.Ordinal);
        return end > 0 && int.TryParse(key.AsSpan(end + Prefix.Length), out var ordinal)
            ? new ShuffleId(new AppId(key[..end]), ordinal)
            : throw new FormatException($"'{key}' is not the key of a shuffle grain. Make keys with {nameof(ShuffleGrainKeys)}.{nameof(KeyOf)}.");
    }
}
