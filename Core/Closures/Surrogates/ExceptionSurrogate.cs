using System.Collections;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Dpark.Closures.Surrogates;

/// <summary>What every exception has. The stack trace travels as text and is shown before that of the place which throws it again.</summary>
internal sealed class ExceptionSurrogate : Surrogate
{
    private static readonly ConstructorInfo Constructor = InPlace.Constructor(typeof(Exception), typeof(string), typeof(Exception));

    // An exception without a message of its own makes one up from its type, which is not what was given to it.
    private static readonly FieldInfo? MessageField = typeof(Exception).GetField("_message", BindingFlags.Instance | BindingFlags.NonPublic);

    public override Type Level => typeof(Exception);

    public override int PartCount => 8;

    public override string PartName(int part) => part switch { 1 => "InnerException", 2 or 3 => "Data", _ => "" };

    public override object?[] Take(object instance)
    {
        var exception = (Exception)instance;
        var keys = new List<object>();
        var values = new List<object?>();
        foreach (DictionaryEntry entry in exception.Data)
        {
            if (Portable(entry.Key) is { } key)
            {
                keys.Add(key);
                values.Add(Portable(entry.Value));
            }
        }

        return
        [
            MessageField is null ? exception.Message : MessageField.GetValue(exception),
            exception.InnerException, keys.ToArray(), values.ToArray(), exception.HelpLink, exception.Source, exception.HResult, exception.StackTrace,
        ];
    }

    public override void Restore(object instance, object?[] parts)
    {
        var exception = (Exception)instance;
        Constructor.Construct(exception, parts[0], parts[1]);
        var keys = (object?[])parts[2]!;
        var values = (object?[])parts[3]!;
        for (var i = 0; i < Math.Min(keys.Length, values.Length); i++)
        {
            exception.Data[keys[i]!] = values[i];
        }

        exception.HelpLink = (string?)parts[4];
        exception.Source = (string?)parts[5];
        exception.HResult = (int)parts[6]!;
        if (parts[7] is string { Length: > 0 } stackTrace)
        {
            ExceptionDispatchInfo.SetRemoteStackTrace(exception, stackTrace);
        }
    }

    // Libraries put anything into Data; as text it does no harm.
    private static object? Portable(object? value) => value is null or string || value.GetType().IsPrimitive ? value : value.ToString();
}
