using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orleans.Serialization.Codecs;

/// <summary>One member of a type, and the number that stands for it.</summary>
internal sealed record Member(FieldInfo? Field, PropertyInfo? Property, uint Id, bool IsImmutable)
{
    public Type Type => Field?.FieldType ?? Property!.PropertyType;

    public string Name => Field?.Name ?? Property!.Name;
}

/// <summary>Which members of a type travel, by the attributes of the type. One list per class of the inheritance chain, the base first.</summary>
internal static class MemberModel
{
    // Parameters of primary constructors have ids of their own; they are moved out of the way of the explicit ones.
    private const uint PrimaryConstructorIds = 1 << 24;

    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <exception cref="CodecNotFoundException">A base type or a member lacks its attribute.</exception>
    public static Member[][] Of(Type type)
    {
        var levels = new List<Member[]>();
        for (var level = type; level != typeof(object) && level != typeof(ValueType); level = level.BaseType!)
        {
            if (IsTuple(level))
            {
                levels.Add(Fields(level));
                break;
            }

            if (!CodecTable.IsDeclared(level))
            {
                // What an exception of the framework holds is written by ExceptionCodec.
                if (typeof(Exception).IsAssignableFrom(level))
                {
                    break;
                }

                throw new CodecNotFoundException($"Could not find a codec for type {level}, the base of {type}. Give it [GenerateSerializer], too.");
            }

            levels.Add(DeclaredMembers(level));
        }

        levels.Reverse();
        return [.. levels];
    }

    /// <summary>Whether each member may be shared between a value and its copy.</summary>
    public static bool IsShallow(Member[][] levels)
    {
        foreach (var level in levels)
        {
            foreach (var member in level)
            {
                if (!member.IsImmutable && CodecTable.TryGet(member.Type) is not { IsShallow: true })
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsTuple(Type type) =>
        type.IsGenericType && (typeof(ITuple).IsAssignableFrom(type) || type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>));

    private static Member[] Fields(Type type) =>
        [.. type.GetFields(Declared).Select((field, index) => new Member(field, null, (uint)index, false))];

    private static Member[] DeclaredMembers(Type type)
    {
        var attribute = type.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false)!;
        var parameters = PrimaryConstructorParameters(type);
        var members = new List<Member>();
        var backed = new HashSet<string>();
        foreach (var property in type.GetProperties(Declared))
        {
            if (GetId(property, attribute, parameters) is not { } id)
            {
                continue;
            }

            var field = type.GetField($"<{property.Name}>k__BackingField", Declared);
            if (field is not null)
            {
                backed.Add(field.Name);
            }
            else if (property.GetMethod is null || property.SetMethod is null)
            {
                throw new CodecNotFoundException($"Could not find a codec for type {type}: {property.Name} has an id but no field. Give it a setter, or the id to its field.");
            }

            members.Add(new Member(field, field is null ? property : null, id, property.IsDefined(typeof(ImmutableAttribute))));
        }

        foreach (var field in type.GetFields(Declared))
        {
            var id = field.GetCustomAttribute<IdAttribute>()?.Id ?? CapturedParameterId(field, attribute, type);
            if (id is { } number)
            {
                members.Add(new Member(field, null, number, field.IsDefined(typeof(ImmutableAttribute))));
            }
            else if (!backed.Contains(field.Name) && !IsLeftOut(field, attribute))
            {
                throw new CodecNotFoundException($"Could not find a codec for type {type}: {MemberName(field)} has no [Id]. Give it one, or [NonSerialized].");
            }
        }

        members.Sort((left, right) => left.Id.CompareTo(right.Id));
        for (var i = 1; i < members.Count; i++)
        {
            if (members[i].Id == members[i - 1].Id)
            {
                throw new CodecNotFoundException($"Could not find a codec for type {type}: {members[i - 1].Name} and {members[i].Name} have id {members[i].Id}. Give each its own.");
            }
        }

        return [.. members];
    }

    private static uint? GetId(PropertyInfo property, GenerateSerializerAttribute attribute, string[] parameters)
    {
        if (property.GetCustomAttribute<IdAttribute>() is { } explicitId)
        {
            return explicitId.Id;
        }

        var position = Array.IndexOf(parameters, property.Name);
        if (position >= 0)
        {
            return PrimaryConstructorIds + (uint)position;
        }

        return attribute.GenerateFieldIds == GenerateFieldIds.PublicProperties && property is { GetMethod.IsPublic: true, SetMethod.IsPublic: true }
            ? HashName(property.Name)
            : null;
    }

    // The compiler writes a Deconstruct with the same parameters beside the primary constructor of a record.
    private static string[] PrimaryConstructorParameters(Type type)
    {
        var data = type.GetCustomAttributesData().First(data => data.AttributeType == typeof(GenerateSerializerAttribute));
        var isOff = data.NamedArguments.Any(argument =>
            argument.MemberName == nameof(GenerateSerializerAttribute.IncludePrimaryConstructorParameters) && argument.TypedValue.Value is false);
        var deconstruct = isOff
            ? null
            : type.GetMethods(Declared).FirstOrDefault(method => method.Name == "Deconstruct" && method.IsDefined(typeof(CompilerGeneratedAttribute)));
        return deconstruct is null ? [] : [.. deconstruct.GetParameters().Select(parameter => parameter.Name!)];
    }

    // A class captures the parameters that its members use in fields named <parameter>P.
    private static uint? CapturedParameterId(FieldInfo field, GenerateSerializerAttribute attribute, Type type)
    {
        if (!attribute.IncludePrimaryConstructorParameters || !field.Name.EndsWith(">P", StringComparison.Ordinal))
        {
            return null;
        }

        var name = MemberName(field);
        var position = type.GetConstructors(Declared)
            .Select(constructor => Array.FindIndex(constructor.GetParameters(), parameter => parameter.Name == name))
            .Max();
        return position < 0 ? null : PrimaryConstructorIds + (uint)position;
    }

    private static bool IsLeftOut(FieldInfo field, GenerateSerializerAttribute attribute) =>
        field.IsDefined(typeof(NonSerializedAttribute)) || field.Name.EndsWith(">P", StringComparison.Ordinal) || attribute.GenerateFieldIds != GenerateFieldIds.None;

    private static string MemberName(FieldInfo field) => field.Name[0] == '<' ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;

    // FNV-1a: any hash does that is the same everywhere.
    private static uint HashName(string name)
    {
        var hash = 2166136261;
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ value) * 16777619;
        }

        return hash;
    }
}
