using System.Reflection;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Surrogates;

/// <summary>Objects that programs compare by reference and of which each process has one.</summary>
internal static class Singletons
{
    private const string DefaultEquality = "EqualityComparer";

    private const string DefaultOrder = "Comparer";

    private static readonly Dictionary<string, object> ByName = new()
    {
        ["StringComparer.Ordinal"] = StringComparer.Ordinal,
        ["StringComparer.OrdinalIgnoreCase"] = StringComparer.OrdinalIgnoreCase,
        ["StringComparer.InvariantCulture"] = StringComparer.InvariantCulture,
        ["StringComparer.InvariantCultureIgnoreCase"] = StringComparer.InvariantCultureIgnoreCase,
        ["ReferenceEqualityComparer"] = ReferenceEqualityComparer.Instance,
        ["DBNull"] = DBNull.Value,
        ["Missing"] = Missing.Value,
        ["TimeProvider.System"] = TimeProvider.System,
    };

    private static readonly Dictionary<object, SingletonShape> Shapes = MakeShapes();

    /// <summary>Whether <see cref="Find"/> may know objects of this type.</summary>
    /// <remarks>Those that have names are of the core library. To make them, which loads cultures, is left to whoever has objects of it.</remarks>
    public static bool MayHold(Type type) =>
        (type.Assembly == typeof(object).Assembly && IsNamed(type)) || Base(type, typeof(EqualityComparer<>), typeof(Comparer<>)) is not null;

    /// <summary>The shape of a singleton; <see langword="null"/> if the object is not one.</summary>
    public static SingletonShape? Find(object value)
    {
        if (Shapes.TryGetValue(value, out var shape))
        {
            return shape;
        }

        if (Base(value.GetType(), typeof(EqualityComparer<>), typeof(Comparer<>)) is not { } comparer)
        {
            return null;
        }

        var name = comparer.GetGenericTypeDefinition() == typeof(Comparer<>) ? DefaultOrder : DefaultEquality;
        var argument = comparer.GetGenericArguments()[0];
        return ReferenceEquals(Default(comparer), value) ? new SingletonShape(name, argument, value) : null;
    }

    /// <summary>The singleton that the format names.</summary>
    public static SingletonShape? Named(string name, Type? argument)
    {
        if (argument is null)
        {
            return ByName.TryGetValue(name, out var value) ? Shapes[value] : null;
        }

        var definition = name switch { DefaultEquality => typeof(EqualityComparer<>), DefaultOrder => typeof(Comparer<>), _ => null };
        return definition is null ? null : new SingletonShape(name, argument, Default(definition.MakeGenericType(argument)));
    }

    // A loop, because the framework's query over pairs would be compiled when the first job comes.
    private static Dictionary<object, SingletonShape> MakeShapes()
    {
        var shapes = new Dictionary<object, SingletonShape>(ReferenceEqualityComparer.Instance);
        foreach (var (name, value) in ByName)
        {
            shapes.Add(value, new SingletonShape(name, null, value));
        }

        return shapes;
    }

    private static bool IsNamed(Type type) => ByName.Values.Any(value => value.GetType() == type);

    private static object Default(Type comparer) =>
        comparer.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;

    private static Type? Base(Type type, params ReadOnlySpan<Type> definitions)
    {
        for (var level = type; level is not null; level = level.BaseType)
        {
            if (level.IsGenericType && definitions.Contains(level.GetGenericTypeDefinition()))
            {
                return level;
            }
        }

        return null;
    }
}
