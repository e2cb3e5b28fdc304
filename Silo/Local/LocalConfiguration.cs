using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Dpark;

/// <summary>The configuration of a local run: one value, by which the embedded runtime opens no port. Nothing of the program's own is read. Immutable.</summary>
/// <remarks>The framework's own takes longer to build and to search than all that the start reads from it.</remarks>
/// <param name="path">The place of the section; empty for the whole.</param>
internal sealed class LocalConfiguration(string path = "") : IConfigurationSection
{
    private const string TransportPath = "Orleans:Embedded:Transport";
    private const string Transport = "InMemory";

    private static readonly CancellationChangeToken NeverChanges = new(CancellationToken.None);

    public string Key => path[(path.LastIndexOf(':') + 1)..];

    public string Path => path;

    /// <exception cref="NotSupportedException">It is set.</exception>
    public string? Value
    {
        get => path.Equals(TransportPath, StringComparison.OrdinalIgnoreCase) ? Transport : null;
        set => throw new NotSupportedException("The configuration of a local run cannot be changed.");
    }

    /// <exception cref="NotSupportedException">It is set.</exception>
    public string? this[string key]
    {
        get => new LocalConfiguration(Below(key)).Value;
        set => throw new NotSupportedException("The configuration of a local run cannot be changed.");
    }

    public IConfigurationSection GetSection(string key) => new LocalConfiguration(Below(key));

    /// <summary>None or one, since there is one value.</summary>
    public IEnumerable<IConfigurationSection> GetChildren()
    {
        var start = path.Length == 0 ? "" : path + ":";
        if (!TransportPath.StartsWith(start, StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }

        var end = TransportPath.IndexOf(':', start.Length);
        return [new LocalConfiguration(end < 0 ? TransportPath : TransportPath[..end])];
    }

    public IChangeToken GetReloadToken() => NeverChanges;

    private string Below(string key) => path.Length == 0 ? key : $"{path}:{key}";
}
