using System.Text;
using System.Text.RegularExpressions;

namespace Dpark.Rdds.Sources;

/// <summary>
/// Matches paths against shell patterns: <c>*</c> and <c>?</c> within a name, <c>[a-z]</c> and <c>[!a-z]</c> for one character, <c>{a,b}</c> for either, which
/// may hold separators, and <c>**</c> for any number of directories. Matching is ordinal. Names that begin with a dot or an underscore match only patterns that begin with one.
/// </summary>
internal static class GlobPattern
{
    private const int MostAlternatives = 1024;

    /// <summary>Whether a path asks for a search.</summary>
    public static bool IsPattern(string path) => path.AsSpan().IndexOfAny("*?[{") >= 0;

    /// <summary>Replaces the braces of a pattern by one pattern for each choice.</summary>
    /// <exception cref="ArgumentException">A brace is not closed, or there are more than 1,024 choices.</exception>
    public static IReadOnlyList<string> ExpandBraces(string pattern)
    {
        var expanded = new List<string>();
        var waiting = new Stack<string>();
        waiting.Push(pattern);
        while (waiting.TryPop(out var next))
        {
            var choices = FirstBrace(next);
            if (choices.Count == 0)
            {
                expanded.Add(next);
            }

            for (var i = choices.Count - 1; i >= 0; i--)
            {
                waiting.Push(choices[i]);
            }

            if (expanded.Count + waiting.Count > MostAlternatives)
            {
                throw new ArgumentException($"The pattern '{pattern}' stands for more than {MostAlternatives} patterns. Use fewer braces.", nameof(pattern));
            }
        }

        return expanded;
    }

    /// <summary>A matcher for names, from a pattern without braces and separators.</summary>
    /// <exception cref="ArgumentException">A bracket is not closed, or holds a range that runs backwards.</exception>
    public static Func<string, bool> ForName(string pattern)
    {
        var regex = ToRegex(pattern);
        var matchesHidden = IsHidden(pattern);
        return name => (matchesHidden || !IsHidden(name)) && regex.IsMatch(name);
    }

    /// <summary>Whether a file or directory of this name is read only if it is named: what tools write beside data begins with a dot or an underscore.</summary>
    public static bool IsHidden(string name) => name.StartsWith('.') || name.StartsWith('_');

    /// <returns>The pattern with each choice of its first brace; empty if it has none.</returns>
    private static List<string> FirstBrace(string pattern)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
        {
            return [];
        }

        var choices = new List<string>();
        var depth = 0;
        var start = open + 1;
        for (var i = open; i < pattern.Length; i++)
        {
            depth += pattern[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0 || (depth == 1 && pattern[i] == ','))
            {
                choices.Add(pattern[start..i]);
                start = i + 1;
            }

            if (depth == 0)
            {
                var (before, after) = (pattern[..open], pattern[(i + 1)..]);
                return [.. choices.Select(choice => before + choice + after)];
            }
        }

        throw new ArgumentException($"The pattern '{pattern}' has a brace that is not closed. Close it.", nameof(pattern));
    }

    private static Regex ToRegex(string pattern)
    {
        var regex = new StringBuilder(@"\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    regex.Append(".*");
                    break;
                case '?':
                    regex.Append('.');
                    break;
                case '[':
                    i = AppendClass(regex, pattern, i);
                    break;
                default:
                    regex.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }

        return new Regex(regex.Append(@"\z").ToString(), RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
    }

    /// <returns>Where the closing bracket is.</returns>
    private static int AppendClass(StringBuilder regex, string pattern, int open)
    {
        var first = open + 1;
        var isNegated = first < pattern.Length && pattern[first] is '!' or '^';
        if (isNegated)
        {
            first++;
        }

        // A closing bracket that comes first is one of the characters.
        var close = first < pattern.Length ? pattern.IndexOf(']', first + 1) : -1;
        if (close < 0)
        {
            throw new ArgumentException($"The pattern '{pattern}' has a bracket that is not closed. Close it, or match one as [[].", nameof(pattern));
        }

        regex.Append(isNegated ? "[^" : "[");
        for (var i = first; i < close; i++)
        {
            if (pattern[i] is '\\' or '[' or ']' or '^')
            {
                regex.Append('\\');
            }

            regex.Append(pattern[i]);
        }

        regex.Append(']');
        return close;
    }
}
