using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Dpark.Codecs;

namespace Dpark.Partitioning;

/// <summary>Makes the hasher of one key type, and says by which path it met a type whose equality does not hold across processes. Used once, by one thread.</summary>
/// <param name="root">The key type.</param>
internal sealed class StableHasherBuilder(Type root)
{
    private const int MaxNesting = 32;

    private readonly List<string> _path = [];

    /// <summary>The hasher of the key type.</summary>
    /// <exception cref="UnsupportedKeyTypeException">There is none.</exception>
    public StableHasher<T> Build<T>() => (StableHasher<T>)(CreateSimple(typeof(T)) ?? CreateComposite<T>());

    private static object? CreateSimple(Type type)
    {
        if (type.IsEnum)
        {
            return null;
        }

        return Type.GetTypeCode(type) switch
        {
            TypeCode.String => new SimpleHasher<string?, KeyHashes>(),
            TypeCode.Int64 => new LongHasher<long>(),
            TypeCode.Int32 => new SimpleHasher<int, KeyHashes>(),
            TypeCode.Int16 => new SimpleHasher<short, KeyHashes>(),
            TypeCode.SByte => new SimpleHasher<sbyte, KeyHashes>(),
            TypeCode.UInt64 => new LongHasher<ulong>(),
            TypeCode.UInt32 => new SimpleHasher<uint, KeyHashes>(),
            TypeCode.UInt16 => new SimpleHasher<ushort, KeyHashes>(),
            TypeCode.Byte => new SimpleHasher<byte, KeyHashes>(),
            TypeCode.Boolean => new SimpleHasher<bool, KeyHashes>(),
            TypeCode.Char => new SimpleHasher<char, KeyHashes>(),
            TypeCode.Double => new SimpleHasher<double, KeyHashes>(),
            TypeCode.Single => new SimpleHasher<float, KeyHashes>(),
            TypeCode.Decimal => new SimpleHasher<decimal, KeyHashes>(),
            TypeCode.DateTime => new SimpleHasher<DateTime, KeyHashes>(),
            _ => CreateRare(type),
        };
    }

    private static object? CreateRare(Type type)
    {
        if (type == typeof(Guid))
        {
            return new SimpleHasher<Guid, KeyHashes>();
        }

        if (type == typeof(DateTimeOffset))
        {
            return new SimpleHasher<DateTimeOffset, KeyHashes>();
        }

        if (type == typeof(TimeSpan))
        {
            return new SimpleHasher<TimeSpan, KeyHashes>();
        }

        if (type == typeof(DateOnly))
        {
            return new SimpleHasher<DateOnly, KeyHashes>();
        }

        if (type == typeof(TimeOnly))
        {
            return new SimpleHasher<TimeOnly, KeyHashes>();
        }

        if (type == typeof(Half))
        {
            return new SimpleHasher<Half, KeyHashes>();
        }

        if (type == typeof(Int128))
        {
            return new SimpleHasher<Int128, KeyHashes>();
        }

        if (type == typeof(UInt128))
        {
            return new SimpleHasher<UInt128, KeyHashes>();
        }

        if (type == typeof(Rune))
        {
            return new SimpleHasher<Rune, KeyHashes>();
        }

        if (type == typeof(BigInteger))
        {
            return new SimpleHasher<BigInteger, KeyHashes>();
        }

        return type == typeof(Version) ? new SimpleHasher<Version?, KeyHashes>() : null;
    }

    private object CreateComposite<T>()
    {
        var type = typeof(T);
        if (_path.Count > MaxNesting)
        {
            throw Refuse(type, $"is nested more than {MaxNesting} levels deep");
        }

        if (type.IsEnum)
        {
            return Invoke(nameof(CreateEnum), [type, Enum.GetUnderlyingType(type)]);
        }

        if (type.IsAssignableTo(typeof(IStableHashable)))
        {
            return Activator.CreateInstance(typeof(SelfHasher<>).MakeGenericType(type))!;
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Invoke(nameof(CreateNullable), [value]);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTuple<,>))
        {
            return Invoke(nameof(CreatePair), type.GetGenericArguments());
        }

        if (KeyTypeRules.WhyRefused(type) is { } reason)
        {
            throw Refuse(type, reason);
        }

        return new MembersHasher<T>(Array.ConvertAll(
            RecordTypeRules.MembersOf(type), field => (MemberHasher<T>)Invoke(nameof(CreateMember), [type, field.FieldType], field)));
    }

    private EnumHasher<T, TUnderlying> CreateEnum<T, TUnderlying>()
        where T : struct, Enum
        where TUnderlying : struct => new(Build<TUnderlying>());

    private NullableHasher<T> CreateNullable<T>()
        where T : struct => new(Member<T>("Value"));

    private MembersHasher<(TFirst, TSecond)> CreatePair<TFirst, TSecond>() => new(
    [
        new MemberHasher<(TFirst, TSecond), TFirst>(Member<TFirst>("Item1"), new PairKeyAccess<TFirst, TSecond>()),
        new MemberHasher<(TFirst, TSecond), TSecond>(Member<TSecond>("Item2"), new PairValueAccess<TFirst, TSecond>()),
    ]);

    private MemberHasher<TKey, TMember> CreateMember<TKey, TMember>(FieldInfo field) =>
        new(Member<TMember>(RecordTypeRules.NameOf(field)), new FieldAccess<TKey, TMember>(field));

    private StableHasher<T> Member<T>(string name)
    {
        _path.Add("." + name);
        var hasher = Build<T>();
        _path.RemoveAt(_path.Count - 1);
        return hasher;
    }

    private object Invoke(string method, Type[] arguments, params object[] parameters) => typeof(StableHasherBuilder)
        .GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!
        .MakeGenericMethod(arguments)
        .Invoke(this, BindingFlags.DoNotWrapExceptions, binder: null, parameters, culture: null)!;

    private UnsupportedKeyTypeException Refuse(Type type, string reason)
    {
        var path = RecordTypeNames.Of(root) + string.Concat(_path);
        var subject = _path.Count == 0 ? $"it {reason}" : $"{path} is of type {RecordTypeNames.Of(type)}, which {reason}";
        return new UnsupportedKeyTypeException(
            $"{RecordTypeNames.Of(root)} cannot be the key of a shuffle: {subject}. " +
            "Use strings, numbers, tuples, records or enums as keys, or implement IStableHashable.",
            path);
    }
}

/// <summary>Which types have an equality that holds across processes and is known from their members.</summary>
internal static class KeyTypeRules
{
    /// <summary>Why a type is no key, to follow "which"; <see langword="null"/> if its members say everything.</summary>
    public static string? WhyRefused(Type type)
    {
        if (type.IsArray || (type.IsGenericType && type.IsAssignableTo(typeof(System.Collections.IEnumerable))))
        {
            return "compares by reference, so two copies are different keys";
        }

        if (RecordTypeRules.WhyRefused(type) is { } reason)
        {
            return reason;
        }

        if (type.IsAssignableTo(typeof(ITuple)) || RecordTypeRules.IsTransparent(type) || IsAnonymous(type))
        {
            return null;
        }

        return EqualityOf(type) switch
        {
            KeyEquality.Members => null,
            KeyEquality.Reference => "compares by reference, so two copies are different keys",
            _ => "has an Equals of its own, whose hash is not known to be the same in every process",
        };
    }

    private enum KeyEquality
    {
        Members,
        Reference,
        Own,
    }

    // The compiler marks the Equals that it writes for a record; one that the programmer wrote is not marked.
    private static KeyEquality EqualityOf(Type type)
    {
        var typed = type.GetMethod(nameof(Equals), BindingFlags.Instance | BindingFlags.Public, [type]);
        if (typed is not null && typed.DeclaringType == type && typed.GetParameters()[0].ParameterType == type)
        {
            if (!typed.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))
            {
                return KeyEquality.Own;
            }

            return type.BaseType is { } baseType && baseType != typeof(object) && baseType != typeof(ValueType)
                ? EqualityOf(baseType)
                : KeyEquality.Members;
        }

        var untyped = type.GetMethod(nameof(Equals), BindingFlags.Instance | BindingFlags.Public, [typeof(object)])!;
        if (untyped.DeclaringType == typeof(ValueType))
        {
            return KeyEquality.Members;
        }

        return untyped.DeclaringType == typeof(object) ? KeyEquality.Reference : KeyEquality.Own;
    }

    private static bool IsAnonymous(Type type) =>
        type.Name.Contains("AnonymousType", StringComparison.Ordinal) && type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
}
