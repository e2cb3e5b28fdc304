using System.Collections.Immutable;
using System.Reflection;

namespace Dpark.Codecs;

/// <summary>Makes the codec of one record type and of everything inside it, and says by which path it met a type that cannot travel. Used once, by one thread.</summary>
/// <param name="root">The record type.</param>
internal sealed partial class RecordCodecBuilder(Type root)
{
    // A generic type that contains a larger instance of itself has no end.
    private const int MaxNesting = 64;

    private readonly Dictionary<Type, object> _built = [];
    private readonly HashSet<Type> _building = [];
    private readonly List<string> _path = [];

    /// <summary>The codec of the record type.</summary>
    /// <exception cref="UnsupportedRecordTypeException">It cannot travel.</exception>
    public RecordCodec<T> Build<T>() => Find<T>();

    /// <summary>The codec of a member of the type that is being built.</summary>
    /// <param name="name">The member's name, or <c>[]</c> for elements.</param>
    /// <exception cref="UnsupportedRecordTypeException">It cannot travel.</exception>
    public RecordCodec<T> Member<T>(string name)
    {
        _path.Add(name == "[]" ? name : "." + name);
        var codec = Find<T>();
        _path.RemoveAt(_path.Count - 1);
        return codec;
    }

    private RecordCodec<T> Find<T>()
    {
        if (CreateSimple<T>() is { } simple)
        {
            return simple;
        }

        if (_built.TryGetValue(typeof(T), out var built))
        {
            return (RecordCodec<T>)built;
        }

        if (_path.Count > MaxNesting)
        {
            throw Refuse(typeof(T), $"is nested more than {MaxNesting} levels deep");
        }

        if (!_building.Add(typeof(T)))
        {
            return new RecursiveCodec<T>();
        }

        var codec = (RecordCodec<T>)CreateComposite(typeof(T));
        _building.Remove(typeof(T));
        _built.Add(typeof(T), codec);
        return codec;
    }

    private object CreateComposite(Type type)
    {
        if (type.IsEnum)
        {
            return CreateEnum(type);
        }

        if (type.IsSZArray)
        {
            return NewSequence(type, type.GetElementType()!, typeof(ArrayShape<>));
        }

        if (type.IsGenericType && CreateGeneric(type, type.GetGenericTypeDefinition(), type.GetGenericArguments()) is { } codec)
        {
            return codec;
        }

        if (RecordTypeRules.WhyRefused(type) is { } reason)
        {
            throw Refuse(type, reason);
        }

        return Invoke(nameof(CreateColumnar), [type]);
    }

    private object? CreateGeneric(Type type, Type definition, Type[] arguments)
    {
        if (definition == typeof(ValueTuple<,>))
        {
            return Invoke(nameof(CreatePair), arguments);
        }

        if (definition == typeof(Nullable<>))
        {
            return New(typeof(NullableCodec<>), arguments);
        }

        if (definition == typeof(List<>))
        {
            return NewSequence(type, arguments[0], typeof(ListShape<>));
        }

        if (definition == typeof(ImmutableArray<>))
        {
            return NewSequence(type, arguments[0], typeof(ImmutableArrayShape<>));
        }

        if (definition == typeof(HashSet<>))
        {
            return New(typeof(HashSetCodec<>), arguments);
        }

        return definition == typeof(Dictionary<,>) ? New(typeof(DictionaryCodec<,>), arguments) : null;
    }

    private StructCodec<(TFirst, TSecond)> CreatePair<TFirst, TSecond>() => new(
    [
        new MemberColumn<(TFirst, TSecond), TFirst>("", Member<TFirst>("Item1"), new PairKeyAccess<TFirst, TSecond>()),
        new MemberColumn<(TFirst, TSecond), TSecond>("", Member<TSecond>("Item2"), new PairValueAccess<TFirst, TSecond>()),
    ]);

    private object CreateColumnar<T>()
    {
        var fields = RecordTypeRules.MembersOf(typeof(T));
        var columns = Array.ConvertAll(fields, field =>
            field.FieldType.IsPointer || field.FieldType.IsFunctionPointer
                ? throw Refuse(typeof(T), $"has the pointer '{field.Name}'") // No generic type can be made of it.
                : (MemberColumn<T>)Invoke(nameof(CreateColumn), [typeof(T), field.FieldType], field));
        return typeof(T).IsValueType
            ? New(typeof(StructCodec<>), [typeof(T)], [columns])
            : New(typeof(ObjectCodec<>), [typeof(T)], [columns, RecordTypeRules.ObjectBytes(fields)]);
    }

    private MemberColumn<TRecord, TMember> CreateColumn<TRecord, TMember>(FieldInfo field)
    {
        var name = RecordTypeRules.NameOf(field);
        return new(name, Member<TMember>(name), new FieldAccess<TRecord, TMember>(field));
    }

    private object NewSequence(Type sequence, Type element, Type shape) =>
        New(typeof(SequenceCodec<,,>), [sequence, element, shape.MakeGenericType(element)]);

    private object New(Type definition, Type[] arguments) => New(definition, arguments, [this]);

    // Wrapped exceptions would hide the one that the user must see.
    private static object New(Type definition, Type[] arguments, object[] parameters) => Activator.CreateInstance(
        definition.MakeGenericType(arguments),
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.DoNotWrapExceptions,
        binder: null,
        parameters,
        culture: null)!;

    private object Invoke(string method, Type[] arguments, params object[] parameters) => typeof(RecordCodecBuilder)
        .GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic)!
        .MakeGenericMethod(arguments)
        .Invoke(this, BindingFlags.DoNotWrapExceptions, binder: null, parameters, culture: null)!;

    private UnsupportedRecordTypeException Refuse(Type type, string reason)
    {
        var path = RecordTypeNames.Of(root) + string.Concat(_path);
        var subject = _path.Count == 0 ? path : $"{path} is of type {RecordTypeNames.Of(type)}, which";
        return new UnsupportedRecordTypeException(
            $"Records of type {RecordTypeNames.Of(root)} cannot travel between workers: {subject} {reason}. " +
            "Map to plain values first, or mark a field that need not travel [NonSerialized].",
            path);
    }
}
