using System.Diagnostics.CodeAnalysis;
using System.Text;
using Orleans.Serialization.Buffers;

namespace Orleans.Serialization.TypeSystem;

/// <summary>
/// Types as text, as they stand in the ids of generic grains and in the names of generic interfaces: <c>name`2[[int],[Other.Type,Other.Assembly]]</c>.
/// Types of C# have their keywords, types with an alias that, others their full name, and an assembly unless it is the core library.
/// </summary>
internal static class TypeNames
{
    private const string ArgumentsStart = "[[";

    private static readonly Dictionary<string, Type> Keywords = new()
    {
        ["object"] = typeof(object),
        ["bool"] = typeof(bool),
        ["byte"] = typeof(byte),
        ["sbyte"] = typeof(sbyte),
        ["short"] = typeof(short),
        ["ushort"] = typeof(ushort),
        ["int"] = typeof(int),
        ["uint"] = typeof(uint),
        ["long"] = typeof(long),
        ["ulong"] = typeof(ulong),
        ["float"] = typeof(float),
        ["double"] = typeof(double),
        ["decimal"] = typeof(decimal),
        ["char"] = typeof(char),
        ["string"] = typeof(string),
        ["Guid"] = typeof(Guid),
        ["TimeSpan"] = typeof(TimeSpan),
        ["DateTime"] = typeof(DateTime),
        ["DateTimeOffset"] = typeof(DateTimeOffset),
        ["Type"] = typeof(Type),
    };

    private static readonly Dictionary<Type, string> KeywordsByType = Keywords.ToDictionary(pair => pair.Value, pair => pair.Key);

    public static string Format(Type type)
    {
        var text = new StringBuilder();
        Append(text, type);
        return text.ToString();
    }

    /// <summary>What follows the name of a generic definition: <c>[[int],[string]]</c>.</summary>
    public static string FormatArguments(ReadOnlySpan<Type> arguments)
    {
        var text = new StringBuilder();
        AppendArguments(text, arguments);
        return text.ToString();
    }

    /// <summary>Splits the name of a constructed type into that of its definition and its arguments; those are empty for any other name.</summary>
    public static (string Definition, string Arguments) Split(string name)
    {
        var start = name.IndexOf(ArgumentsStart, StringComparison.Ordinal);
        return start < 0 ? (name, "") : (name[..start], name[start..]);
    }

    /// <summary>Reads what <see cref="FormatArguments"/> wrote.</summary>
    /// <returns>Null if the text is none, or names a type that is not known here or that messages may not name.</returns>
    public static Type[]? ParseArguments(string text, TypeManifest manifest)
    {
        var parser = new Parser(text, manifest);
        return parser.Arguments() is { } arguments && parser.IsAtEnd ? arguments : null;
    }

    /// <summary>The constructed type; null if the arguments do not fit.</summary>
    public static Type? Construct(Type definition, Type[] arguments)
    {
        if (!definition.IsGenericTypeDefinition || definition.GetGenericArguments().Length != arguments.Length)
        {
            return null;
        }

        try
        {
            return definition.MakeGenericType(arguments);
        }
        catch (Exception exception) when (exception is ArgumentException or TypeLoadException)
        {
            return null;
        }
    }

    private static void Append(StringBuilder text, Type type)
    {
        var assembly = AppendName(text, type);
        if (assembly is not null)
        {
            text.Append(',').Append(assembly);
        }
    }

    /// <returns>The assembly that is to follow; null: none.</returns>
    private static string? AppendName(StringBuilder text, Type type)
    {
        if (type.IsArray)
        {
            var assembly = AppendName(text, type.GetElementType()!);
            text.Append('[').Append(',', type.GetArrayRank() - 1).Append(']');
            return assembly;
        }

        var definition = type.IsConstructedGenericType ? type.GetGenericTypeDefinition() : type;
        var name = KeywordsByType.GetValueOrDefault(definition) ?? (Attribute.GetCustomAttribute(definition, typeof(AliasAttribute)) as AliasAttribute)?.Alias;
        text.Append(name ?? definition.FullName);
        if (type.IsConstructedGenericType)
        {
            AppendArguments(text, type.GetGenericArguments());
        }

        return name is not null || definition.Assembly == typeof(object).Assembly ? null : definition.Assembly.GetName().Name;
    }

    private static void AppendArguments(StringBuilder text, ReadOnlySpan<Type> arguments)
    {
        text.Append('[');
        for (var i = 0; i < arguments.Length; i++)
        {
            text.Append(i == 0 ? "[" : ",[");
            Append(text, arguments[i]);
            text.Append(']');
        }

        text.Append(']');
    }

    private ref struct Parser(string text, TypeManifest manifest)
    {
        private int _at;
        private int _nodes;

        public readonly bool IsAtEnd => _at == text.Length;

        public Type[]? Arguments()
        {
            if (!Take('['))
            {
                return null;
            }

            var arguments = new List<Type>();
            do
            {
                if (!Take('[') || Type() is not { } argument || !Take(']'))
                {
                    return null;
                }

                arguments.Add(argument);
            }
            while (Take(','));

            return Take(']') ? [.. arguments] : null;
        }

        private Type? Type()
        {
            if (++_nodes > SerializerLimits.MaxTypeNodes)
            {
                return null;
            }

            var name = Word("[],");
            Type[]? arguments = null;
            if (text.AsSpan(_at).StartsWith(ArgumentsStart) && (arguments = Arguments()) is null)
            {
                return null;
            }

            var ranks = new List<int>();
            while (Take('['))
            {
                var rank = 1;
                while (Take(','))
                {
                    rank++;
                }

                ranks.Add(rank);
                if (!Take(']') || rank > 32 || ranks.Count > SerializerLimits.MaxTypeNodes)
                {
                    return null;
                }
            }

            var assembly = Take(',') ? Word("[]") : null;
            var type = Find(name, assembly);
            if (type is not null && (arguments is not null || type.IsGenericTypeDefinition))
            {
                type = Construct(type, arguments ?? []);
            }

            if (type is null)
            {
                return null;
            }

            foreach (var rank in ranks)
            {
                type = rank == 1 ? type.MakeArrayType() : type.MakeArrayType(rank);
            }

            return type;
        }

        private readonly Type? Find(string name, string? assembly) =>
            Keywords.TryGetValue(name, out var keyword) ? keyword
            : WellKnownTypes.TryGet(name, out var known) ? known
            : assembly is null ? manifest.FindAlias(name) ?? AsEnum(typeof(object).Assembly, name)
            : manifest.Find(name, assembly) ?? AsEnum(KnownAssemblies.Loaded(assembly), name);

        // Names of enums need no permission: their values are numbers.
        private static Type? AsEnum(System.Reflection.Assembly? assembly, string name)
        {
            try
            {
                return name.Length > 0 && assembly?.GetType(name, throwOnError: false) is { IsEnum: true } found ? found : null;
            }
            catch (Exception exception) when (exception is ArgumentException or IOException or BadImageFormatException)
            {
                // The name came from outside, and is none that a type could have.
                return null;
            }
        }

        private string Word([ConstantExpected] string ends)
        {
            var length = text.AsSpan(_at).IndexOfAny(ends);
            var word = length < 0 ? text[_at..] : text.Substring(_at, length);
            _at += word.Length;
            return word;
        }

        private bool Take(char expected)
        {
            if (_at >= text.Length || text[_at] != expected)
            {
                return false;
            }

            _at++;
            return true;
        }
    }
}
