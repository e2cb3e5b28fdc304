using System.Reflection;
using System.Runtime.CompilerServices;

namespace Dpark.Closures;

/// <summary>What C# and Visual Basic call the things that they make for lambdas, local functions, iterators and async methods.</summary>
internal static class CompilerNames
{
    /// <summary>Whether the type holds captured variables: its fields are touched by the functions of one scope only.</summary>
    public static bool IsClosureClass(Type type) =>
        (type.Name.StartsWith("<>c", StringComparison.Ordinal) || type.Name.StartsWith("_Closure$__", StringComparison.Ordinal)) && IsGenerated(type);

    /// <summary>Whether the compiler made the type or one that it is nested in.</summary>
    public static bool IsGenerated(Type type)
    {
        for (var level = type; level is not null; level = level.DeclaringType)
        {
            if (level.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the compiler made the method: a lambda, a local function, or a method of a type that it made.</summary>
    public static bool IsGenerated(MethodBase method) =>
        method.Name.StartsWith('<') || method.Name.StartsWith("_Lambda$__", StringComparison.Ordinal) || (method.DeclaringType is { } type && IsGenerated(type));

    /// <summary>Whether the field holds the <c>this</c> of the method that a function was written in.</summary>
    public static bool IsOuterThis(string fieldName) => fieldName is "<>4__this" or "$VB$Me";
}
