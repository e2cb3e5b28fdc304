using System.Reflection;
using System.Runtime.CompilerServices;

namespace Dpark.Codecs;

/// <summary>Which types are coded by their members, and what those are.</summary>
internal static class RecordTypeRules
{
    private const BindingFlags DeclaredFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
    private const int ObjectHeaderBytes = 16;

    /// <summary>Why a type is not coded by its members, to follow "is of type X, which"; <see langword="null"/> if it is.</summary>
    public static string? WhyRefused(Type type)
    {
        if (type.IsPointer || type.IsFunctionPointer || type.IsByRefLike || type == typeof(nint) || type == typeof(nuint))
        {
            return "is a pointer into the memory of one process";
        }

        if (type.IsAssignableTo(typeof(Delegate)))
        {
            return "is a function, and records are values";
        }

        if (type.IsAssignableTo(typeof(Rdds.Rdd)) || type.IsAssignableTo(typeof(Rdds.IRddContext)))
        {
            return "can be used only in the driver";
        }

        if (type.IsAssignableTo(typeof(Stream)) || type.IsAssignableTo(typeof(Task)) || type.IsAssignableTo(typeof(WaitHandle)) ||
            type.IsAssignableTo(typeof(System.Runtime.InteropServices.SafeHandle)) || type == typeof(CancellationToken))
        {
            return "stands for something of this process";
        }

        if (type.IsInterface || type.IsAbstract || type == typeof(object))
        {
            return "does not say what its values are made of";
        }

        return type.IsArray ? "has more than one dimension" : WhyMembersRefused(type);
    }

    /// <summary>The fields that travel: those of the base class first, each class in the order of declaration.</summary>
    public static FieldInfo[] MembersOf(Type type)
    {
        var fields = new List<FieldInfo>();
        for (var level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            fields.InsertRange(0, level.GetFields(DeclaredFields).Where(field => !field.IsDefined(typeof(NonSerializedAttribute))).OrderBy(field => field.MetadataToken));
        }

        return [.. fields];
    }

    /// <summary>The name that the programmer wrote.</summary>
    public static string NameOf(FieldInfo field)
    {
        // The compiler names the field of property P "<P>k__BackingField", or "<P>i__Field" in an anonymous type.
        var end = field.Name.IndexOf('>', StringComparison.Ordinal);
        return field.Name.StartsWith('<') && end > 1 ? field.Name[1..end] : field.Name;
    }

    /// <summary>About how large an object with such fields is.</summary>
    public static int ObjectBytes(FieldInfo[] fields) => ObjectHeaderBytes + fields.Sum(field => SizeOf(field.FieldType));

    private static string? WhyMembersRefused(Type type)
    {
        if (type.IsDefined(typeof(InlineArrayAttribute), inherit: false))
        {
            return "is an inline array";
        }

        for (var level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            if (level.Assembly == typeof(object).Assembly || IsFramework(level.Assembly))
            {
                return IsTransparent(level) ? null
                    : level == type ? "is a type of the framework without a record codec"
                    : $"derives from {RecordTypeNames.Of(level)}, a type of the framework without a record codec";
            }

            if (level.GetFields(DeclaredFields).Any(field => field.IsDefined(typeof(FixedBufferAttribute))))
            {
                return "has a fixed buffer";
            }
        }

        return null;
    }

    /// <summary>Whether it is one of the framework's own types that are nothing but their members.</summary>
    public static bool IsTransparent(Type type) =>
        type.IsAssignableTo(typeof(ITuple)) || type == typeof(ValueTuple) ||
        (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>)) ||
        type == typeof(Index) || type == typeof(Range) || type.Namespace == "System.Numerics";

    private static bool IsFramework(Assembly assembly) =>
        assembly.GetName().Name is { } name &&
        (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || name == "System");

    private static int SizeOf(Type type) =>
        !type.IsValueType ? IntPtr.Size
        : type.IsPrimitive || type.IsEnum ? 8
        : MembersOf(type).Sum(field => SizeOf(field.FieldType));
}
