using System.Text.RegularExpressions;

namespace Dpark.Tests.Process.Documents;

/// <summary>Finds links to files of the repository in Markdown.</summary>
internal static partial class MarkdownLinks
{
    /// <summary>Relative paths, without what stands behind a number sign.</summary>
    public static IEnumerable<string> In(string markdown) => Link().Matches(markdown).Select(match => match.Groups["path"].Value).Where(path => !path.Contains("://", StringComparison.Ordinal));

    [GeneratedRegex(@"\]\((?<path>[^)#\s]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}
