using System.Reflection;
using System.Runtime.CompilerServices;
using Dpark.Closures.Code;
using Dpark.Closures.Surrogates;

namespace Dpark.Closures.Shapes;

/// <summary>How objects of one exact type travel. Immutable; kept per type for as long as the type is loaded, without keeping it loaded.</summary>
internal sealed class TypeLayout
{
    private const BindingFlags OwnFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConditionalWeakTable<Type, TypeLayout> Cache = [];

    private TypeLayout(Type type)
    {
        Type = type;
        IsUserCode = !SharedAssemblies.IsShared(type.Assembly) && !SharedAssemblies.IsEngine(type.Assembly);
        IsClosureClass = CompilerNames.IsClosureClass(type);
        Refusal = Refusals.Of(type);
        if (Refusal is not null || type == typeof(string) || typeof(Delegate).IsAssignableFrom(type))
        {
            return;
        }

        Text = TextSurrogates.Of(type);
        Shape = type.IsArray ? new ArrayShape(type, ValueShape.Of(type.GetElementType()!)) : IsNumber(type) ? new BoxedShape(ValueShape.Of(type)) : ByFields(type);
        MayBeSingleton = Singletons.MayHold(type);
    }

    public Type Type { get; }

    /// <summary>Why objects of this type cannot travel at all.</summary>
    public Refusal? Refusal { get; }

    /// <summary>How an object travels that neither <see cref="Text"/> nor <see cref="Singletons"/> claims; <see langword="null"/> for refused types, strings and delegates.</summary>
    public Shape? Shape { get; }

    /// <summary>Set for types of which some objects travel as texts.</summary>
    public TextSurrogate? Text { get; }

    /// <summary>Whether <see cref="Singletons"/> may know objects of this type.</summary>
    public bool MayBeSingleton { get; }

    /// <summary>Whether neither the engine nor the framework declares it.</summary>
    public bool IsUserCode { get; }

    /// <summary>Whether the compiler made it to hold captured variables.</summary>
    public bool IsClosureClass { get; }

    public static TypeLayout Of(Type type) => Cache.TryGetValue(type, out var known) ? known : Cache.GetValue(type, static t => new TypeLayout(t));

    private static bool IsNumber(Type type) => type.IsEnum || type.IsPrimitive;

    private static ObjectShape ByFields(Type type)
    {
        var fields = new List<FieldSlot>();
        Surrogate? surrogate = null;
        var isException = typeof(Exception).IsAssignableFrom(type);
        for (var level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            if (Surrogate.Of(level) is { } found)
            {
                surrogate = found;
                if (found.CoversSubclasses)
                {
                    fields.Clear();
                }

                break;
            }

            var isFrameworkException = isException && SharedAssemblies.IsShared(level.Assembly);
            fields.AddRange(level.GetFields(OwnFields).Where(field => Travels(field, isFrameworkException)).Select(SlotOf));
        }

        return new ObjectShape(type, [.. fields], surrogate);
    }

    // An exception of the framework does without the task or the token that it remembers.
    private static bool Travels(FieldInfo field, bool isFrameworkException) =>
        !field.IsDefined(typeof(NonSerializedAttribute), inherit: false) && !(isFrameworkException && Refusals.Of(field.FieldType) is not null);

    private static FieldSlot SlotOf(FieldInfo field)
    {
        // What a reference field holds is known only when the object is.
        var type = Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType;
        var refusal = type.IsValueType || type.IsPointer || type.IsFunctionPointer ? Refusals.Of(type) : null;
        return new FieldSlot(field, refusal is null ? ValueShape.Of(field.FieldType) : ReferenceShape.Instance, refusal);
    }
}
