using System.Reflection;
using System.Text.RegularExpressions;

namespace Dpark.Closures.Surrogates;

/// <summary>The base of a source-generated regular expression: pattern, options, time limit, and the generated code. Others travel as text.</summary>
internal sealed class RegexSurrogate : Surrogate
{
    private static readonly FieldInfo? Factory = typeof(Regex).GetField("factory", BindingFlags.Instance | BindingFlags.NonPublic);

    public override Type Level => typeof(Regex);

    public override int PartCount => 4;

    public override object?[] Take(object instance)
    {
        var regex = (Regex)instance;
        return [regex.ToString(), regex.Options, regex.MatchTimeout, Factory?.GetValue(regex)];
    }

    public override void Restore(object instance, object?[] parts)
    {
        var regex = new Regex((string)parts[0]!, (RegexOptions)parts[1]!, (TimeSpan)parts[2]!);
        InPlace.Copy(regex, instance, Level, withSubclasses: false);
        if (parts[3] is { } factory)
        {
            Factory?.SetValue(instance, factory);
        }
    }
}
