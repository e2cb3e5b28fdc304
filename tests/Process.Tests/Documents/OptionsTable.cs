using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Dpark.Configuration;
using Dpark.Hosting;

namespace Dpark.Tests.Process.Documents;

/// <summary>Writes <c>docs/configuration.md</c> from the option classes and their doc comments, so that it cannot differ from them.</summary>
internal static partial class OptionsTable
{
    private const string Head =
        """
        # Configuration

        Made from the option classes by `ConfigurationDocumentTests`; change their doc comments, then run that test with `DPARK_UPDATE_DOCS=1`.

        Options are bound from the configuration of the host (`appsettings.json`, or the environment: `Dpark__Shuffle__SpillThresholdBytes=67108864`), then changed by the
        code that is given to `AddDparkWorker`, `AddDparkClient` or `LocalAsync`, and then checked. All errors of all areas are reported at once, before anything starts.


        """;

    /// <summary>The whole document.</summary>
    public static string Write()
    {
        var document = new StringBuilder(Head);
        Append(document, "Client", typeof(DparkClientOptions), "the driver");
        foreach (var (section, type, users) in Areas())
        {
            Append(document, section, type, users);
        }

        Append(document, "Security:Tls", typeof(ClusterTlsOptions), "the driver and the worker");
        return document.ToString().TrimEnd() + "\n";
    }

    /// <summary>The areas that the driver and the worker have, and who has them.</summary>
    private static IEnumerable<(string Section, Type Type, string Users)> Areas()
    {
        var driver = AreasOf(typeof(DparkClientOptions));
        var worker = AreasOf(typeof(DparkWorkerOptions));
        return driver.Keys.Union(worker.Keys).Order(StringComparer.Ordinal).Select(section => (
            section,
            worker.GetValueOrDefault(section) ?? driver[section],
            (driver.ContainsKey(section), worker.ContainsKey(section)) switch
            {
                (true, true) => "the driver and the worker",
                (true, false) => "the driver",
                _ => "the worker",
            }));
    }

    private static Dictionary<string, Type> AreasOf(Type owner) => owner.GetProperties().Where(IsArea).ToDictionary(area => area.Name, area => area.PropertyType);

    private static bool IsArea(PropertyInfo property) => property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal);

    // What is set in code only, such as a callback, has no key.
    private static bool IsKey(PropertyInfo property) =>
        !IsArea(property) && (property.SetMethod is { IsPublic: true } ? IsText(property.PropertyType) : IsList(property.PropertyType));

    private static bool IsList(Type type) => type == typeof(IList<string>) || type == typeof(IList<PoolOptions>);

    private static bool IsText(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan);
    }

    private static void Append(StringBuilder document, string section, Type type, string users)
    {
        document.Append($"## Dpark:{section}\n\n{Words(DocOf(type.Assembly, $"T:{type.FullName}"))} Used by {users}.\n\n| Key | Type | Meaning |\n|---|---|---|\n");
        foreach (var property in type.GetProperties().Where(IsKey))
        {
            var doc = Words(DocOf(property.DeclaringType!.Assembly, $"P:{property.DeclaringType.FullName}.{property.Name}"));
            document.Append($"| `{property.Name}` | {TypeName(property.PropertyType)} | {doc.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }

        document.Append('\n');
    }

    private static string TypeName(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            { IsEnum: true } => string.Join(" or ", Enum.GetNames(type).Select(name => $"`{name}`")),
            _ when type == typeof(TimeSpan) => "time, `hh:mm:ss`",
            _ when type == typeof(string) => "text",
            _ when type == typeof(IList<string>) => "list of texts",
            _ when type == typeof(IList<PoolOptions>) => "list of pools",
            _ when type == typeof(bool) => "`true` or `false`",
            _ when type == typeof(double) || type == typeof(float) => "number",
            _ => "whole number",
        };
    }

    private static XElement DocOf(Assembly assembly, string member)
    {
        var path = Path.ChangeExtension(assembly.Location, ".xml");
        return XDocument.Load(path).Descendants("member").FirstOrDefault(element => (string?)element.Attribute("name") == member)?.Element("summary")
            ?? throw new InvalidOperationException($"{path} has no summary of {member}. Write one: users read it in docs/configuration.md.");
    }

    private static string Words(XElement summary)
    {
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XText words => words.Value,
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{NameOf(see)}`",
            _ => throw new InvalidOperationException($"The summary '{summary}' has an element that the table cannot show. Teach it to {nameof(OptionsTable)}."),
        }));
        return WhiteSpace().Replace(text, " ").Trim();
    }

    private static string NameOf(XElement see) =>
        (string?)see.Attribute("langword") ?? ((string)see.Attribute("cref")!).Split('(')[0].Split('.')[^1];

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
