using System.Reflection;

namespace Dpark.ReadyToRun;

/// <summary>
/// Finds methods by the names that the runtime prints of what it compiles: <c>Space.Type`1+Nested`1[Argument,Argument]:Method[Argument](parameters)</c>. Only of methods of
/// generic types, and of generic methods: all others are compiled with their assembly.
/// </summary>
internal sealed class MethodNames(TypeNames types)
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private string _text = "";
    private int _position;

    /// <returns><see langword="null"/>: no method has that name. All overloads that have as many parameters, because a parameter is named less exactly than it is declared.</returns>
    public FoundMethods? Find(string text)
    {
        _text = text;
        _position = 0;
        if (ParseType() is not { } owner || Peek() != ':')
        {
            return null;
        }

        _position++;
        var name = TakeUntil("[(");
        Type[] arguments = [];
        if (Peek() == '[')
        {
            if (ParseArguments() is not { } parsed)
            {
                return null;
            }

            arguments = parsed;
        }

        if (!owner.IsGenericType && arguments.Length == 0)
        {
            return null;
        }

        var parameterCount = CountParameters();
        MethodBase[] methods = [.. MembersOf(owner).Where(method =>
            method.Name == name && method.GetParameters().Length == parameterCount && GenericCount(method) == arguments.Length)];
        return methods.Length == 0 ? null : new FoundMethods(owner, methods, arguments);
    }

    private static IEnumerable<MethodBase> MembersOf(Type owner)
    {
        var definition = owner.IsGenericType ? owner.GetGenericTypeDefinition() : owner;
        return [.. definition.GetMethods(Own), .. definition.GetConstructors(Own)];
    }

    private static int GenericCount(MethodBase method) => method.IsGenericMethodDefinition ? method.GetGenericArguments().Length : 0;

    private char Peek() => _position < _text.Length ? _text[_position] : '\0';

    private string TakeUntil(string ends)
    {
        var begin = _position;
        while (_position < _text.Length && !ends.Contains(_text[_position], StringComparison.Ordinal))
        {
            _position++;
        }

        return _text[begin.._position];
    }

    private Type? ParseType()
    {
        var type = types.Find(TakeUntil("[],:("));
        if (type is { IsGenericTypeDefinition: true })
        {
            if (Peek() != '[' || ParseArguments() is not { } arguments || arguments.Length != type.GetGenericArguments().Length)
            {
                return null;
            }

            try
            {
                type = type.MakeGenericType(arguments);
            }
            catch (ArgumentException)
            {
                // The code is shared by several types, of which the name tells one that does not satisfy a constraint.
                return null;
            }
        }

        while (type is not null && _text.AsSpan(_position).StartsWith("[]", StringComparison.Ordinal))
        {
            _position += 2;
            type = type.MakeArrayType();
        }

        return type;
    }

    private Type[]? ParseArguments()
    {
        var arguments = new List<Type>();
        do
        {
            _position++;
            if (ParseType() is not { } argument)
            {
                return null;
            }

            arguments.Add(argument);
        }
        while (Peek() == ',');
        if (Peek() != ']')
        {
            return null;
        }

        _position++;
        return [.. arguments];
    }

    private int CountParameters()
    {
        var list = _text[(_position + 1).._text.LastIndexOf(')')];
        var depth = 0;
        var commas = 0;
        foreach (var sign in list)
        {
            depth += sign == '[' ? 1 : sign == ']' ? -1 : 0;
            commas += sign == ',' && depth == 0 ? 1 : 0;
        }

        return list.Length == 0 ? 0 : commas + 1;
    }
}

/// <summary>Methods of one closed type, with one list of type arguments of their own.</summary>
/// <param name="Methods">As they are defined.</param>
internal sealed record FoundMethods(Type Owner, MethodBase[] Methods, Type[] Arguments);
