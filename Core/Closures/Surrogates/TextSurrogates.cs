using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Dpark.Closures.Surrogates;

/// <summary>Describes immutable framework objects of one type by a few texts.</summary>
/// <param name="Name">Part of the format.</param>
/// <param name="Claims">Whether the texts say everything about this object.</param>
internal sealed record TextSurrogate(string Name, Type Type, Func<object, bool> Claims, Func<object, string[]> ToTexts, Func<string[], object> FromTexts);

/// <summary>The framework types that travel as text, because their fields belong to the process or because a table of the process makes them unique.</summary>
internal static class TextSurrogates
{
    private static readonly TextSurrogate[] All =
    [
        Make<CultureInfo>("culture", culture => culture.IsReadOnly, culture => [culture.Name], texts => CultureOf(texts[0])),
        Make<CompareInfo>("compare-info", _ => true, info => [info.Name], texts => CultureOf(texts[0]).CompareInfo),
        Make<TextInfo>("text-info", _ => true, info => [info.CultureName], texts => CultureOf(texts[0]).TextInfo),
        Make<TimeZoneInfo>("time-zone", _ => true, zone => [zone.ToSerializedString()], TimeZoneOf),
        Make<Encoding>("encoding", IsStandard, EncodingTexts, EncodingOf),
    ];

    /// <summary>The surrogate that may claim objects of this type; <see langword="null"/> if none does.</summary>
    public static TextSurrogate? Of(Type type) => !Code.SharedAssemblies.IsShared(type.Assembly)
        ? null
        : Array.Find(All, surrogate => surrogate.Type.IsAssignableFrom(type)) ??
            (IsOfLibraries(type) ? Array.Find(OfLibraries.All, surrogate => surrogate.Type.IsAssignableFrom(type)) : null);

    /// <summary>The surrogate of that name.</summary>
    public static TextSurrogate? Named(string name) =>
        Array.Find(All, surrogate => surrogate.Name == name) ?? Array.Find(OfLibraries.All, surrogate => surrogate.Name == name);

    private static bool IsOfLibraries(Type type)
    {
        for (var level = type; level is not null; level = level.BaseType)
        {
            if (level.FullName is "System.Uri" or "System.Xml.Linq.XNamespace" or "System.Xml.Linq.XName" or "System.Text.RegularExpressions.Regex")
            {
                return true;
            }
        }

        return false;
    }

    private static TextSurrogate Make<T>(string name, Func<T, bool> claims, Func<T, string[]> toTexts, Func<string[], object> fromTexts)
        where T : class =>
        new(name, typeof(T), value => claims((T)value), value => toTexts((T)value), fromTexts);

    private static CultureInfo CultureOf(string name) => name.Length == 0 ? CultureInfo.InvariantCulture : CultureInfo.GetCultureInfo(name);

    private static TimeZoneInfo TimeZoneOf(string[] texts) =>
        texts[0] == TimeZoneInfo.Utc.ToSerializedString() ? TimeZoneInfo.Utc : TimeZoneInfo.FromSerializedString(texts[0]);

    private static string[] RegexTexts(Regex regex) => [regex.ToString(), Number((int)regex.Options), regex.MatchTimeout.Ticks.ToString(CultureInfo.InvariantCulture)];

    private static Regex RegexOf(string[] texts) =>
        new(texts[0], (RegexOptions)Number(texts[1]), TimeSpan.FromTicks(long.Parse(texts[2], CultureInfo.InvariantCulture)));

    private static bool IsStandard(Encoding encoding) =>
        encoding.DecoderFallback is DecoderExceptionFallback ||
        (encoding.DecoderFallback is DecoderReplacementFallback && encoding.EncoderFallback is EncoderReplacementFallback && encoding is UTF8Encoding or UnicodeEncoding or UTF32Encoding) ||
        encoding is ASCIIEncoding;

    private static string[] EncodingTexts(Encoding encoding) =>
    [
        Number(encoding.CodePage), encoding.Preamble.IsEmpty ? "" : "bom", encoding.DecoderFallback is DecoderExceptionFallback ? "strict" : "",
    ];

    private static Encoding EncodingOf(string[] texts)
    {
        var bom = texts[1].Length > 0;
        var strict = texts[2].Length > 0;
        return Number(texts[0]) switch
        {
            65001 when bom && !strict => Encoding.UTF8,
            65001 => new UTF8Encoding(bom, strict),
            1200 => new UnicodeEncoding(bigEndian: false, bom, strict),
            1201 => new UnicodeEncoding(bigEndian: true, bom, strict),
            12000 => new UTF32Encoding(bigEndian: false, bom, strict),
            12001 => new UTF32Encoding(bigEndian: true, bom, strict),
            var page when strict => Encoding.GetEncoding(page, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback),
            var page => Encoding.GetEncoding(page),
        };
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Those of assemblies that hardly any program needs: they are loaded when one of their objects is met.</summary>
    private static class OfLibraries
    {
        public static readonly TextSurrogate[] All =
        [
            Make<Uri>("uri", _ => true, uri => [uri.OriginalString], texts => new Uri(texts[0], UriKind.RelativeOrAbsolute)),
            Make<XNamespace>("xml-namespace", _ => true, space => [space.NamespaceName], texts => XNamespace.Get(texts[0])),
            Make<XName>("xml-name", _ => true, name => [name.LocalName, name.NamespaceName], texts => XName.Get(texts[0], texts[1])),
            Make<Regex>("regex", regex => regex.GetType() == typeof(Regex), RegexTexts, RegexOf),
        ];
    }
}
