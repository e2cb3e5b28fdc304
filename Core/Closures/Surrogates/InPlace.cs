using System.Reflection;

namespace Dpark.Closures.Surrogates;

/// <summary>Makes an allocated object what another one is, or what a constructor makes of it.</summary>
internal static class InPlace
{
    private const BindingFlags OwnFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private const BindingFlags Constructors = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Finds a constructor to run on objects that exist already.</summary>
    public static ConstructorInfo Constructor(Type type, params Type[] parameters) =>
        type.GetConstructor(Constructors, parameters) ?? throw new MissingMethodException(type.FullName, ".ctor");

    /// <summary>Runs a constructor on an object that exists already.</summary>
    public static void Construct(this ConstructorInfo constructor, object instance, params object?[] arguments) =>
        constructor.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);

    /// <summary>Copies the fields of <paramref name="level"/> and, for the framework's own subclasses, of those below it.</summary>
    /// <remarks><paramref name="source"/> is given up: both would share what it owns.</remarks>
    public static void Copy(object source, object target, Type level, bool withSubclasses)
    {
        if (withSubclasses && source.GetType() != target.GetType())
        {
            ClosureThrow.Malformed($"a {DisplayNames.Of(target.GetType())} is a {DisplayNames.Of(source.GetType())} in this version of the framework");
        }

        for (var type = withSubclasses ? target.GetType() : level; type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (var field in type.GetFields(OwnFields))
            {
                field.SetValue(target, field.GetValue(source));
            }
        }
    }
}
