using System.Reflection;

namespace Dpark.Closures;

/// <summary>Names of types and methods as a C# programmer wrote them, for messages.</summary>
internal static class DisplayNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(char)] = "char",
        [typeof(decimal)] = "decimal",
        [typeof(double)] = "double",
        [typeof(float)] = "float",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
    };

    /// <summary>Such as <c>System.Collections.Generic.List&lt;int&gt;</c>.</summary>
    public static string Of(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        }

        if (type.IsGenericParameter || type.HasElementType)
        {
            return type.Name;
        }

        var arguments = type.GetGenericArguments();
        var used = 0;
        var prefix = type.Namespace is { Length: > 0 } space ? space + "." : "";
        return prefix + string.Join('.', Nesting(type).Select(t => OneLevel(t, arguments, ref used)));
    }

    /// <summary>The method that a person wrote and that holds <paramref name="method"/>, such as <c>Job.Run</c>: compiler-generated names are undone.</summary>
    public static string Holder(MethodBase method)
    {
        var name = Written(method.Name) ?? method.Name;
        var type = method.DeclaringType;
        while (type is not null && type.Name.StartsWith('<') && type.DeclaringType is not null)
        {
            // A state machine is named after its method; a closure class is not.
            name = method.Name.StartsWith('<') ? name : Written(type.Name) ?? name;
            type = type.DeclaringType;
        }

        return name switch
        {
            "<Main>$" => "top-level program",
            ".ctor" or ".cctor" => $"constructor of {(type is null ? "?" : Short(type))}",
            _ when name.StartsWith("get_", StringComparison.Ordinal) || name.StartsWith("set_", StringComparison.Ordinal) => Qualified(type, name[4..]),
            _ => Qualified(type, name),
        };
    }

    /// <summary>The name of a captured variable or a member as the person wrote it; empty for links that only the compiler knows.</summary>
    public static string Member(string fieldName)
    {
        if (fieldName is "<>4__this" or "$VB$Me")
        {
            return "this";
        }

        if (fieldName.StartsWith("CS$<>", StringComparison.Ordinal) || fieldName.StartsWith("$VB$NonLocal", StringComparison.Ordinal))
        {
            return "";
        }

        if (fieldName.StartsWith("$VB$Local_", StringComparison.Ordinal))
        {
            return fieldName["$VB$Local_".Length..];
        }

        return Written(fieldName) ?? fieldName;
    }

    private static string Qualified(Type? type, string name) => type is null ? name : $"{Short(type)}.{name}";

    private static string Short(Type type)
    {
        var arguments = type.GetGenericArguments();
        var used = 0;
        return string.Join('.', Nesting(type).Select(t => OneLevel(t, arguments, ref used)));
    }

    // "<Run>b__0" was written as "Run"; "<<Main>$>b__0_0" as "<Main>$".
    private static string? Written(string name)
    {
        if (name == "<Main>$" || !name.StartsWith('<'))
        {
            return null;
        }

        var depth = 0;
        for (var i = 0; i < name.Length; i++)
        {
            depth += name[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (depth == 0)
            {
                return i > 1 ? Written(name[1..i]) ?? name[1..i] : null;
            }
        }

        return null;
    }

    private static List<Type> Nesting(Type type)
    {
        var levels = new List<Type>();
        for (var level = type; level is not null; level = level.DeclaringType)
        {
            levels.Insert(0, level);
        }

        return levels;
    }

    private static string OneLevel(Type level, Type[] arguments, ref int used)
    {
        var tick = level.Name.IndexOf('`', StringComparison.Ordinal);
        if (tick < 0)
        {
            return level.Name;
        }

        var count = level.GetGenericArguments().Length - used;
        var mine = arguments.Skip(used).Take(count).Select(Of);
        used += count;
        return $"{level.Name[..tick]}<{string.Join(", ", mine)}>";
    }
}
