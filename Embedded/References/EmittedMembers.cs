using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Runtime;

/// <summary>Members of types as emitted code refers to them, also where an argument is a type parameter of the method that is being emitted.</summary>
internal static class EmittedMembers
{
    private static readonly Type RuntimeType = typeof(object).GetType();

    /// <summary>The constructor of a type that has one only, or whose first takes all members.</summary>
    public static ConstructorInfo Constructor(Type type, int parameterCount)
    {
        var constructors = DefinitionOf(type).GetConstructors();
        var found = Array.Find(constructors, constructor => constructor.GetParameters().Length == parameterCount)!;
        return IsOpen(type) ? TypeBuilder.GetConstructor(type, found) : found;
    }

    public static FieldInfo Field(Type type, string name)
    {
        var found = DefinitionOf(type).GetField(name)!;
        return IsOpen(type) ? TypeBuilder.GetField(type, found) : found;
    }

    public static MethodInfo Method(Type type, string name)
    {
        var found = DefinitionOf(type).GetMethod(name)!;
        return IsOpen(type) ? TypeBuilder.GetMethod(type, found) : found;
    }

    /// <summary>The type with type parameters replaced.</summary>
    public static Type Substitute(Type type, Type[] parameters, Type[] replacements)
    {
        if (type.IsGenericParameter)
        {
            var index = Array.IndexOf(parameters, type);
            return index < 0 ? type : replacements[index];
        }

        if (type.IsArray)
        {
            var element = Substitute(type.GetElementType()!, parameters, replacements);
            return type.IsSZArray ? element.MakeArrayType() : element.MakeArrayType(type.GetArrayRank());
        }

        return type.IsGenericType && type.ContainsGenericParameters
            ? type.GetGenericTypeDefinition().MakeGenericType(Array.ConvertAll(type.GetGenericArguments(), argument => Substitute(argument, parameters, replacements)))
            : type;
    }

    private static bool IsOpen(Type type) => type.GetType() != RuntimeType;

    private static Type DefinitionOf(Type type) => IsOpen(type) ? type.GetGenericTypeDefinition() : type;
}
